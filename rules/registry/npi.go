package registry

// ValidNPI says whether a text is an NPI: ten digits, the first a 1 or a 2,
// whose last digit makes the Luhn sum over 80840 (the issuer's prefix for
// health in the United States) and the number divisible by ten.
func ValidNPI(npi string) bool {
	if len(npi) != 10 || npi[0] != '1' && npi[0] != '2' {
		return false
	}
	digit, ok := CheckDigit(npi[:9])
	return ok && npi[9] == digit
}

// CheckDigit answers with the tenth digit that makes nine digits an NPI, and
// false where it is not given exactly nine digits.
func CheckDigit(nine string) (byte, bool) {
	if len(nine) != 9 {
		return 0, false
	}
	sum := 24 // what the prefix 80840 always adds
	for i := range len(nine) {
		d := int(nine[i] - '0')
		if d > 9 {
			return 0, false
		}
		if i%2 == 0 {
			d *= 2
		}
		sum += d/10 + d%10
	}
	return byte('0' + (10-sum%10)%10), true
}
