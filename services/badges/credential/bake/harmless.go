package bake

import (
	"encoding/xml"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// active are elements that run something, bring in a page, or change an address later. Compared in lower
// case: a drawing inside of a page is read without regard to case.
func active() []string {
	return []string{
		"script", "foreignobject", "iframe", "object", "embed", "handler", "listener", "audio", "video", "source", "link", "meta", "base",
	}
}

// animations may set any attribute, addresses among them.
func animations() []string {
	return []string{"animate", "set", "animatetransform", "animatemotion", "animatecolor", "discard"}
}

// harmless refuses elements and attributes that do more than draw.
func harmless(t xml.StartElement) error {
	name := strings.ToLower(t.Name.Local)
	if slices.Contains(active(), name) || t.Name.Space == "http://www.w3.org/1999/xhtml" || t.Name.Space == "http://www.w3.org/1998/Math/MathML" {
		return refuse(CodeActive, "The drawing has active content: the element %s.", clip(t.Name.Local))
	}
	for _, a := range t.Attr {
		key := strings.ToLower(a.Name.Local)
		switch {
		case strings.HasPrefix(key, "on") && a.Name.Space != "xmlns":
			return refuse(CodeActive, "The drawing has active content: the attribute %s.", clip(a.Name.Local))
		case slices.Contains(animations(), name) && key == "attributename" && changesAddress(a.Value):
			return refuse(CodeActive, "The drawing changes an address by animation.")
		case key == "base" && a.Name.Space != "xmlns":
			return refuse(CodeActive, "The drawing changes what its addresses are relative to.")
		case key == "href" || key == "src":
			if !inside(name, a.Value) {
				return refuse(CodeActive, "The drawing refers to something outside of itself.")
			}
		case a.Name.Space != "xmlns" && a.Name.Local != "xmlns":
			if err := harmlessStyle(a.Value); err != nil {
				return err
			}
		}
	}
	return nil
}

// changesAddress tells whether an animation of the attribute could lead away or run something.
func changesAddress(attribute string) bool {
	key := strings.ToLower(strings.TrimSpace(attribute))
	return strings.HasSuffix(key, "href") || strings.HasPrefix(key, "on") || key == "src"
}

var pictureData = regexp.MustCompile(`^data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*$`)

// inside tells whether a reference stays in the drawing: a fragment, or for pictures the picture itself.
// A link (element a) may lead elsewhere by https, since it does so only when somebody follows it.
func inside(element, value string) bool {
	value = strings.TrimSpace(value)
	if value == "" || strings.HasPrefix(value, "#") {
		return true
	}
	if element == "image" || element == "feimage" {
		return pictureData.MatchString(value)
	}
	u, err := url.Parse(value)
	return element == "a" && err == nil && u.Scheme == "https" && u.Host != ""
}

var cssAddress = regexp.MustCompile(`(?i)url\s*\(\s*["']?\s*([^"')\s]*)`)

// harmlessStyle refuses style sheets and attributes that load something. Escapes of CSS are refused with
// them: they spell words that would not be seen here.
func harmlessStyle(css string) error {
	lower := strings.ToLower(css)
	if strings.Contains(lower, "@import") || strings.Contains(lower, "javascript:") || strings.Contains(lower, "expression(") || strings.Contains(css, `\`) {
		return refuse(CodeActive, "The drawing has a style that loads or runs something.")
	}
	for _, m := range cssAddress.FindAllStringSubmatch(css, -1) {
		if !strings.HasPrefix(m[1], "#") {
			return refuse(CodeActive, "The drawing has a style that refers to something outside of itself.")
		}
	}
	return nil
}

// clip keeps a name from a file short enough for a message.
func clip(name string) string {
	const longest = 40
	if len(name) <= longest {
		return name
	}
	return strings.ToValidUTF8(name[:longest], "") + "…"
}
