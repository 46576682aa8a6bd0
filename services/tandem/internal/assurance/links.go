package assurance

import (
	"regexp"
	"strings"
)

var (
	fenced  = regexp.MustCompile("(?ms)^```.*?^```")
	inCode  = regexp.MustCompile("`[^`\n]*`")
	link    = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#{1,6} +(.+?) *$`)
	unnamed = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// Links returns where a page in Markdown leads inside the repository, as written:
// a path, a path with an anchor, or an anchor. Examples in code lead nowhere.
func Links(text string) []string {
	var found []string
	text = inCode.ReplaceAllString(fenced.ReplaceAllString(text, ""), "")
	for _, match := range link.FindAllStringSubmatch(text, -1) {
		if !strings.Contains(match[1], "://") && !strings.HasPrefix(match[1], "mailto:") {
			found = append(found, match[1])
		}
	}
	return found
}

// Anchors returns the anchors of the headings of a page, as GitHub makes them.
func Anchors(text string) map[string]bool {
	found := map[string]bool{}
	for _, match := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
		name := unnamed.ReplaceAllString(strings.ToLower(match[1]), "")
		found[strings.ReplaceAll(name, " ", "-")] = true
	}
	return found
}
