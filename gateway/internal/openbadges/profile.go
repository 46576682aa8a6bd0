package openbadges

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
)

const (
	contextURL = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
	maxProfile = 64 << 10
)

// profile answers with the school, or for a machine with its district, as a Profile.
func (h *Handler) profile(w http.ResponseWriter, r *http.Request, at place) {
	title, err := h.title(r.Context(), at)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	send(w, http.StatusOK, "application/json", h.profileOf(at, title))
}

func (h *Handler) title(ctx context.Context, at place) (string, error) {
	if at.school != "" {
		school, err := h.schools.GetSchool(ctx, &schoolsv1.GetSchoolRequest{Name: at.school})
		return school.GetTitle(), err
	}
	district, err := h.schools.GetDistrict(ctx, &schoolsv1.GetDistrictRequest{Name: at.district})
	return district.GetTitle(), err
}

func (h *Handler) profileOf(at place, title string) map[string]any {
	return map[string]any{
		"@context": []string{contextURL}, "id": h.opts.PublicURL + "/v1/" + at.name(), "type": []string{"Profile"}, "name": title,
	}
}

// putProfile changes the name of the school, which is all of a profile that is kept
// here. Whoever wants more is told so: what would be forgotten is not taken in.
func (h *Handler) putProfile(w http.ResponseWriter, r *http.Request, at place) {
	var doc map[string]json.RawMessage
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxProfile)).Decode(&doc); err != nil {
		refuse(w, http.StatusBadRequest, "Send a Profile as a JSON object of at most 64 KB.")
		return
	}
	for field := range doc {
		if !slices.Contains([]string{"@context", "id", "type", "name"}, field) {
			refuse(w, http.StatusBadRequest, field+": only id, type and name of a profile are kept here. Leave the others out.")
			return
		}
	}
	var id, name string
	_ = json.Unmarshal(doc["id"], &id)
	_ = json.Unmarshal(doc["name"], &name)
	if id != h.opts.PublicURL+"/v1/"+at.name() {
		refuse(w, http.StatusBadRequest, "id: the profile of this token is "+h.opts.PublicURL+"/v1/"+at.name()+".")
		return
	}
	title, err := h.title(r.Context(), at)
	if err == nil && name != title {
		var school *schoolsv1.School
		school, err = h.schools.UpdateSchool(r.Context(), &schoolsv1.UpdateSchoolRequest{
			School: &schoolsv1.School{Name: at.school, Title: name}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"title"}},
		})
		title = school.GetTitle()
	}
	if err != nil {
		h.fail(w, r, err)
		return
	}
	send(w, http.StatusOK, "application/json", h.profileOf(at, title))
}
