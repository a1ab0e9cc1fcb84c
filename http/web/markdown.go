package web

import (
	"html/template"
	"regexp"
	"strings"
)

// markdown turns the handbook's text into HTML: headings, paragraphs, lists,
// tables, strong and emphasis, links. It knows nothing else, and every letter
// that is not one of these marks is escaped. The code of a clause becomes an
// anchor. The title is the first heading, which the body leaves out.
func markdown(text string) (title string, body template.HTML) {
	var out strings.Builder
	for _, block := range blocks(text) {
		level, heading := headingOf(block[0])
		switch {
		case level == 1 && title == "":
			title = heading
		case level > 0:
			tag := "h" + string(rune('0'+min(level, 4)))
			out.WriteString("<" + tag + ">" + inline(heading) + "</" + tag + ">\n")
		case bulleted.MatchString(block[0]):
			list(&out, "ul", bulleted, block)
		case ordered.MatchString(block[0]):
			list(&out, "ol", ordered, block)
		case strings.HasPrefix(block[0], "|"):
			tableOf(&out, block)
		default:
			id, said := clause(strings.Join(block, " "))
			out.WriteString("<p" + id + ">" + said + "</p>\n")
		}
	}
	return title, template.HTML(out.String()) // built above from escaped text and fixed tags alone
}

var (
	bulleted = regexp.MustCompile(`^[-*] +`)
	ordered  = regexp.MustCompile(`^\d+\. +`)
	ruled    = regexp.MustCompile(`^\|[-:| ]+\|$`)
	marked   = regexp.MustCompile(` ?\{#([a-z0-9_.]+)((?: [a-z=_0-9]+)*)\}`)
	strong   = regexp.MustCompile(`\*\*([^*]+)\*\*`)
	emphasis = regexp.MustCompile(`\*([^*]+)\*|\b_([^_]+)_\b`)
	linked   = regexp.MustCompile(`\[([^\]]+)\]\(([^)\s]+)\)`)
)

// blocks are the runs of lines between empty ones.
func blocks(text string) [][]string {
	var all [][]string
	var block []string
	for _, line := range append(strings.Split(text, "\n"), "") {
		line = strings.TrimRight(line, " \r")
		switch {
		case line != "" && strings.HasPrefix(line, "#"):
			if len(block) > 0 {
				all = append(all, block)
			}
			all, block = append(all, []string{line}), nil
		case line != "":
			block = append(block, line)
		case len(block) > 0:
			all, block = append(all, block), nil
		}
	}
	return all
}

func headingOf(line string) (int, string) {
	rest := strings.TrimLeft(line, "#")
	if level := len(line) - len(rest); level > 0 && strings.HasPrefix(rest, " ") {
		return level, strings.TrimSpace(marked.ReplaceAllString(rest, ""))
	}
	return 0, ""
}

// list writes one item for each line that begins with the mark; other lines go
// on with the item before them.
func list(out *strings.Builder, tag string, mark *regexp.Regexp, lines []string) {
	var items []string
	for _, line := range lines {
		if at := mark.FindString(line); at != "" {
			items = append(items, strings.TrimPrefix(line, at))
		} else {
			items[len(items)-1] += " " + strings.TrimSpace(line)
		}
	}
	out.WriteString("<" + tag + ">\n")
	for _, item := range items {
		id, said := clause(item)
		out.WriteString("<li" + id + ">" + said + "</li>\n")
	}
	out.WriteString("</" + tag + ">\n")
}

func tableOf(out *strings.Builder, lines []string) {
	out.WriteString(`<div class="table" tabindex="0" role="region" aria-label="Comparison"><table>` + "\n")
	for i, line := range lines {
		if ruled.MatchString(line) {
			continue
		}
		out.WriteString("<tr>")
		for j, cell := range strings.Split(strings.Trim(line, "|"), "|") {
			tag, scope := "td", ""
			if i == 0 {
				tag, scope = "th", ` scope="col"`
			} else if j == 0 {
				tag, scope = "th", ` scope="row"`
			}
			out.WriteString("<" + tag + scope + ">" + inline(strings.TrimSpace(cell)) + "</" + tag + ">")
		}
		out.WriteString("</tr>\n")
	}
	out.WriteString("</table></div>\n")
}

// clause takes the mark off a sentence: its code becomes the anchor, and what
// waits for a later version says so.
func clause(text string) (id, said string) {
	m := marked.FindStringSubmatch(text)
	if m == nil {
		return "", inline(text)
	}
	said = inline(marked.ReplaceAllString(text, ""))
	if strings.Contains(m[2], "waits=") {
		said += ` <span class="badge" data-variant="quiet">comes with a later version</span>`
	}
	return ` id="` + m[1] + `"`, said
}

// inline escapes a text and then sets its strong words, emphasis and links.
func inline(text string) string {
	text = template.HTMLEscapeString(text)
	text = strong.ReplaceAllString(text, "<strong>$1</strong>")
	text = emphasis.ReplaceAllString(text, "<em>$1$2</em>")
	return linked.ReplaceAllStringFunc(text, func(link string) string {
		m := linked.FindStringSubmatch(link)
		for _, good := range []string{"/", "#", "https://", "mailto:"} {
			if strings.HasPrefix(m[2], good) {
				return `<a href="` + m[2] + `">` + m[1] + `</a>`
			}
		}
		return m[1]
	})
}
