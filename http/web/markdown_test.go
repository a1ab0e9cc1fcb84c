package web

import (
	"strings"
	"testing"
)

// The renderer knows the handbook's few marks, and lets nothing else through.
func TestMarkdownKnowsItsMarksAndEscapesTheRest(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"paragraph", "One\nline.", "<p>One line.</p>"},
		{"clause", "It holds. {#client.adult binding}", `<p id="client.adult">It holds.</p>`},
		{"waiting", "Later. {#help.request binding waits=help}", `<p id="help.request">Later. <span class="badge" data-variant="quiet">comes with a later version</span></p>`},
		{"list", "- One {#a.b}\n- **Two**", "<ul>\n<li id=\"a.b\">One</li>\n<li><strong>Two</strong></li>\n</ul>"},
		{"numbers", "1. One\n   and on\n2. *Two*", "<ol>\n<li>One and on</li>\n<li><em>Two</em></li>\n</ol>"},
		{"table", "| | A |\n|---|---|\n| b | c |", `<tr><th scope="col"></th><th scope="col">A</th></tr>`},
		{"link", "[here](/help)", `<p><a href="/help">here</a></p>`},
		{"script in a link", "[here](javascript:x)", "<p>here</p>"},
		{"tag", "<script>x</script> & \"y\"", "<p>&lt;script&gt;x&lt;/script&gt; &amp; &#34;y&#34;</p>"},
		{"heading", "## Two {#x.y}", "<h2>Two</h2>"},
	} {
		title, body := markdown("# Title\n\n" + c.text)
		if title != "Title" || !strings.Contains(string(body), c.want) {
			t.Errorf("%s: %q gives %q", c.name, title, body)
		}
	}
}
