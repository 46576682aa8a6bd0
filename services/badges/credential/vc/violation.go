package vc

// Violation is one broken rule of a credential's structure.
type Violation struct {
	Field string `json:"field"` // path in the document, e.g. credentialSubject.achievement.name
	Rule  string `json:"rule"`  // stable word
	Fix   string `json:"fix"`   // plain sentence
}
