package openbadges

import (
	"net/http"

	"github.com/tandem-badges/tandem/gateway/internal/connect"
)

// discovery answers with the service description document (section 6.3), by which a
// program finds where to register and which scopes there are.
func (h *Handler) discovery(w http.ResponseWriter, _ *http.Request) {
	at := func(path string) string { return h.opts.PublicURL + path }
	operation := func(id, summary, scope string) map[string]any {
		o := map[string]any{"operationId": id, "summary": summary, "tags": []string{"OpenBadgeCredentials"}, "responses": map[string]any{
			"200":     map[string]any{"description": "Done."},
			"default": map[string]any{"description": "An Imsx_StatusInfo that says what went wrong."},
		}}
		if scope != "" {
			o["security"] = []any{map[string]any{"OAuth2ACG": []string{scope}}}
		}
		return o
	}
	w.Header().Set("Access-Control-Allow-Origin", "*") // public, and the same for everybody
	send(w, http.StatusOK, "application/json", map[string]any{
		"openapi": "3.0.1",
		"info": map[string]any{
			"title": "Tandem: Open Badges 3.0", "version": "3.0", "termsOfService": at("/"),
			"description":              "The badges of schools, for hosts, wallets and displays that speak Open Badges 3.0.",
			"x-imssf-privacyPolicyUrl": at("/"),
		},
		"servers": []any{map[string]any{"url": at(Base)}},
		"paths": map[string]any{
			"/credentials": map[string]any{
				"get":  operation("getCredentials", "Fetch badges, newest first.", connect.CredentialReadonly),
				"post": operation("upsertCredential", "Hand in a badge that was earned elsewhere.", connect.CredentialUpsert),
			},
			"/discovery": map[string]any{"get": operation("getServiceDescription", "Fetch this document.", "")},
			"/profile": map[string]any{
				"get": operation("getProfile", "Fetch the profile of the school.", connect.ProfileReadonly),
				"put": operation("putProfile", "Change the profile of the school.", connect.ProfileUpdate),
			},
		},
		"components": map[string]any{
			"securitySchemes": map[string]any{"OAuth2ACG": map[string]any{
				"type": "oauth2", "description": "OAuth 2.0 authorization code grant with PKCE (S256).",
				"x-imssf-name": "Tandem", "x-imssf-registrationUrl": at(connect.RegisterPath),
				"x-imssf-privacyPolicyUrl": at("/"), "x-imssf-termsOfServiceUrl": at("/"), "x-imssf-revocationUrl": at(connect.RevokePath),
				"flows": map[string]any{"authorizationCode": map[string]any{
					"authorizationUrl": at(connect.AuthorizePath), "tokenUrl": at(connect.TokenPath), "refreshUrl": at(connect.TokenPath),
					"scopes": connect.Scopes(),
				}},
			}},
			"schemas": map[string]any{},
		},
	})
}
