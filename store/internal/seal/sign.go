package seal

import "crypto/ed25519"

// Signer is the key with which the store signs for one purpose: the checkpoints
// of its trail, or the certificates of those whom it has forgotten. It follows
// from the root key, so it is the same however the store is opened and whatever
// epochs came and went, nobody without a secret can sign, and what was signed
// can be checked by everyone who was given its Public half. A signature for one
// purpose is none for another.
func (v *Vault) Signer(purpose string) ed25519.PrivateKey {
	seed := v.key("sign " + purpose)
	defer seed.wipe()
	return ed25519.NewKeyFromSeed(seed[:])
}
