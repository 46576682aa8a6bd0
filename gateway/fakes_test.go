package gateway_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"sync"
	"time"

	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	evidencev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/evidence/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"

	"github.com/tandem-badges/tandem/services/kit/access"
	kitproblem "github.com/tandem-badges/tandem/services/kit/problem"
)

// fakeSchools keeps schools and people in memory, and remembers the last call.
type fakeSchools struct {
	schoolsv1.UnimplementedOrganizationsServiceServer
	schoolsv1.UnimplementedPeopleServiceServer
	schoolsv1.UnimplementedJourneysServiceServer
	schoolsv1.UnimplementedSubjectsServiceServer

	mu       sync.Mutex
	metadata metadata.MD
	request  proto.Message
	calls    int
	fail     error
	panics   bool
	broken   []error
	hold     chan struct{} // closed: answers; nil: answers
	people   []*schoolsv1.Person
	subjects map[string]*schoolsv1.Subject
	away     error             // of the service that resolves subjects
	titles   map[string]string // of schools that there are
}

func newFakeSchools() *fakeSchools {
	return &fakeSchools{subjects: map[string]*schoolsv1.Subject{}, people: []*schoolsv1.Person{
		{Name: "districts/aspen/people/ana", DisplayName: "Ana Example", Demo: true, Grants: []*schoolsv1.RoleGrant{
			{Role: accessv1.Role_ROLE_DISTRICT_COORDINATOR, Node: "districts/aspen"},
		}},
		{Name: "districts/birch/people/ben", DisplayName: "Ben Example", Demo: true, Grants: []*schoolsv1.RoleGrant{
			{Role: accessv1.Role_ROLE_PRINCIPAL, Node: "districts/birch/schools/elm"},
		}},
		{Name: "districts/birch/people/twin", DisplayName: "Twin Birch", Demo: true},
		{Name: "districts/aspen/people/twin", DisplayName: "Twin Aspen", Demo: true},
		{Name: "people/real", DisplayName: "Rea L.", Demo: false, Grants: []*schoolsv1.RoleGrant{{Role: accessv1.Role_ROLE_STATE_ADMIN}}},
	}}
}

func (f *fakeSchools) register(s grpc.ServiceRegistrar) {
	schoolsv1.RegisterOrganizationsServiceServer(s, f)
	schoolsv1.RegisterPeopleServiceServer(s, f)
	schoolsv1.RegisterJourneysServiceServer(s, f)
	schoolsv1.RegisterSubjectsServiceServer(s, f)
}

// grant registers a person with exactly these grants.
func (f *fakeSchools) grant(person string, grants ...access.Grant) {
	subject := &schoolsv1.Subject{Name: person}
	for _, g := range grants {
		grant := &schoolsv1.Grant{Role: g.Role, Node: g.Node, State: schoolsv1.Grant_STATE_ACTIVE}
		if !g.Start.IsZero() {
			grant.StartTime = timestamppb.New(g.Start)
		}
		if !g.End.IsZero() {
			grant.EndTime = timestamppb.New(g.End)
		}
		subject.Grants = append(subject.Grants, grant)
	}
	f.change(person, subject)
}

// change replaces what is known of a person; nil: nothing.
func (f *fakeSchools) change(person string, subject *schoolsv1.Subject) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.subjects[person] = subject
}

// stayAway makes the service answer nothing about people.
func (f *fakeSchools) stayAway(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.away = err
}

// ResolveSubject is not noted: every request asks it.
func (f *fakeSchools) ResolveSubject(_ context.Context, req *schoolsv1.ResolveSubjectRequest) (*schoolsv1.Subject, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.away != nil {
		return nil, f.away
	}
	if s := f.subjects[req.GetName()]; s != nil {
		return s, nil
	}
	return nil, kitproblem.NotFound(req.GetName())
}

// note remembers a call and says how it ends.
func (f *fakeSchools) note(ctx context.Context, req proto.Message) error {
	f.mu.Lock()
	f.metadata, _ = metadata.FromIncomingContext(ctx)
	f.request, f.calls = req, f.calls+1
	fail, panics, hold := f.fail, f.panics, f.hold
	f.mu.Unlock()
	if panics {
		return f.broken[len(f.broken)] // panics: there is none
	}
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return fail
}

func (f *fakeSchools) last() (metadata.MD, proto.Message, int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.metadata, f.request, f.calls
}

func (f *fakeSchools) failWith(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = err
}

func (f *fakeSchools) GetDistrict(ctx context.Context, req *schoolsv1.GetDistrictRequest) (*schoolsv1.District, error) {
	if err := f.note(ctx, req); err != nil {
		return nil, err
	}
	return &schoolsv1.District{Name: req.GetName(), Title: "Aspen"}, nil
}

func (f *fakeSchools) GetSchool(ctx context.Context, req *schoolsv1.GetSchoolRequest) (*schoolsv1.School, error) {
	if err := f.note(ctx, req); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if title := f.titles[req.GetName()]; title != "" {
		return &schoolsv1.School{Name: req.GetName(), Title: title}, nil
	}
	return nil, kitproblem.NotFound(req.GetName())
}

func (f *fakeSchools) ListSchools(ctx context.Context, req *schoolsv1.ListSchoolsRequest) (*schoolsv1.ListSchoolsResponse, error) {
	return &schoolsv1.ListSchoolsResponse{}, f.note(ctx, req)
}

func (f *fakeSchools) CreateSchool(ctx context.Context, req *schoolsv1.CreateSchoolRequest) (*schoolsv1.School, error) {
	return req.GetSchool(), f.note(ctx, req)
}

func (f *fakeSchools) UpdateSchool(ctx context.Context, req *schoolsv1.UpdateSchoolRequest) (*schoolsv1.School, error) {
	return req.GetSchool(), f.note(ctx, req)
}

func (f *fakeSchools) CloseSchool(ctx context.Context, req *schoolsv1.CloseSchoolRequest) (*schoolsv1.School, error) {
	return &schoolsv1.School{Name: req.GetName()}, f.note(ctx, req)
}

// ListPeople answers in pages of two, whatever was asked.
func (f *fakeSchools) ListPeople(ctx context.Context, req *schoolsv1.ListPeopleRequest) (*schoolsv1.ListPeopleResponse, error) {
	if err := f.note(ctx, req); err != nil {
		return nil, err
	}
	from := 0
	if req.GetPageToken() != "" {
		from = int(req.GetPageToken()[0] - '0')
	}
	page := &schoolsv1.ListPeopleResponse{People: f.people[from:min(from+2, len(f.people))]}
	if from+2 < len(f.people) {
		page.NextPageToken = string(rune('0' + from + 2))
	}
	return page, nil
}

// fakeBadges has one credential.
type fakeBadges struct {
	handed *badgesv1.VerifyCredentialRequest // the last one
	parts  bool                              // whether what is verified contains something
	badgesv1.UnimplementedCredentialsServiceServer

	mu      sync.Mutex
	outcome badgesv1.StepOutcome // of the status step
	unknown bool                 // issuer
	posing  bool                 // issuer, as another one
	away    bool
	log     fakeLog
	lists   fakeLists
	shelf   shelf
}

const (
	credentialID = "01hf00000000000000000badge"
	credential   = `{"id":"https://badges.example.org/v1/credentials/01hf00000000000000000badge","name":"Welcome all families",` +
		`"issuer":{"id":"did:key:z6MkExample","name":"Office of <Family> Partnership"},"awardedDate":"2026-05-20T10:00:00Z",` +
		`"validFrom":"2026-05-20T10:00:00Z","validUntil":"2029-05-20T10:00:00Z","credentialSubject":{"achievement":` +
		`{"name":"Welcome all families","description":"Every family feels welcome.","criteria":{"narrative":"A year of work with families."}}}}`
)

func (f *fakeBadges) register(s grpc.ServiceRegistrar) {
	badgesv1.RegisterCredentialsServiceServer(s, f)
	badgesv1.RegisterDefinitionsServiceServer(s, fakeDefinitions{})
	badgesv1.RegisterTransparencyServiceServer(s, &f.log)
	badgesv1.RegisterStatusListsServiceServer(s, &f.lists)
	badgesv1.RegisterIssuersServiceServer(s, fakeIssuers{})
}

func (f *fakeBadges) set(outcome badgesv1.StepOutcome, unknown, away bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.outcome, f.unknown, f.away = outcome, unknown, away
}

func (f *fakeBadges) check(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.away {
		return kitproblem.Unavailable("database")
	}
	if name != "credentials/"+credentialID {
		return kitproblem.NotFound(name)
	}
	return nil
}

func (f *fakeBadges) GetCredential(_ context.Context, req *badgesv1.GetCredentialRequest) (*httpbody.HttpBody, error) {
	f.mu.Lock()
	body, found := f.shelf.document(req.GetName())
	f.mu.Unlock()
	if found {
		return body, nil
	}
	if err := f.check(req.GetName()); err != nil {
		return nil, err
	}
	return &httpbody.HttpBody{ContentType: "application/vc+ld+json", Data: []byte(credential)}, nil
}

func (f *fakeBadges) CheckCredential(_ context.Context, req *badgesv1.CheckCredentialRequest) (*badgesv1.Verification, error) {
	if err := f.check(req.GetName()); err != nil {
		return nil, err
	}
	return f.verification(), nil
}

func (f *fakeBadges) VerifyCredential(_ context.Context, req *badgesv1.VerifyCredentialRequest) (*badgesv1.Verification, error) {
	if len(req.GetCredential().GetFields()) == 1 {
		return nil, kitproblem.Invalid(kitproblem.Violation{Field: "credential", Rule: "structure", Fix: "Give a whole credential."})
	}
	v := f.verification()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.handed = req
	if f.parts {
		v.Parts = []*badgesv1.Verification{{Role: "badge", Badge: "A badge inside", Valid: true, Steps: v.GetSteps()}}
	}
	return v, nil
}

func (f *fakeBadges) verification() *badgesv1.Verification {
	f.mu.Lock()
	defer f.mu.Unlock()
	outcome := f.outcome
	if outcome == badgesv1.StepOutcome_STEP_OUTCOME_UNSPECIFIED {
		outcome = badgesv1.StepOutcome_STEP_OUTCOME_PASSED
	}
	v := &badgesv1.Verification{
		Valid: outcome != badgesv1.StepOutcome_STEP_OUTCOME_FAILED, IssuerKnown: !f.unknown,
		CredentialId: "https://badges.example.org/v1/credentials/" + credentialID, Issuer: "did:key:z6MkExample",
		Badge: "Welcome all families", School: "Oak & Elm Elementary", VerifyTime: timestamppb.New(time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)),
		Steps: []*badgesv1.VerificationStep{
			{Id: "structure", Title: "Form of the document", Outcome: badgesv1.StepOutcome_STEP_OUTCOME_PASSED, Reason: "It is an Open Badges 3.0 credential."},
			{Id: "proof", Title: "Signature", Outcome: badgesv1.StepOutcome_STEP_OUTCOME_PASSED, Reason: "Nobody has changed it since it was signed."},
			{Id: "status", Title: "Revocation", Outcome: outcome, Reason: "As the register says."},
			{Id: "dates", Title: "Dates", Outcome: badgesv1.StepOutcome_STEP_OUTCOME_SKIPPED, Reason: "There was no need."},
		},
	}
	if f.posing {
		v.Steps = append(v.Steps, &badgesv1.VerificationStep{Id: "issuer", Outcome: badgesv1.StepOutcome_STEP_OUTCOME_WARNING, Code: "issuer_imitates"})
	}
	return v
}

// fakeEvidence keeps one content.
type fakeEvidence struct {
	evidencev1.UnimplementedArtifactsServiceServer

	mu      sync.Mutex
	name    string
	content []byte
	largest int   // of the chunks received
	refuse  error // given after the first message
	broken  bool  // downloads fail after the first chunk
	ended   chan error
}

func (f *fakeEvidence) register(s grpc.ServiceRegistrar) {
	evidencev1.RegisterArtifactsServiceServer(s, f)
}

func (f *fakeEvidence) UploadArtifact(stream evidencev1.ArtifactsService_UploadArtifactServer) (err error) {
	defer func() {
		if f.ended != nil {
			f.ended <- err
		}
	}()
	head, err := stream.Recv()
	if err != nil {
		return err
	}
	if f.refuse != nil {
		return f.refuse
	}
	var content bytes.Buffer
	largest := 0
	for {
		part, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		largest = max(largest, len(part.GetChunk()))
		content.Write(part.GetChunk())
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.name, f.content, f.largest = head.GetName(), content.Bytes(), largest
	sum := sha256.Sum256(f.content)
	return stream.SendAndClose(&evidencev1.Artifact{Name: head.GetName(), Sha256: hex.EncodeToString(sum[:]), SizeBytes: int64(len(f.content))})
}

func (f *fakeEvidence) DownloadArtifact(req *evidencev1.DownloadArtifactRequest, stream evidencev1.ArtifactsService_DownloadArtifactServer) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if req.GetName() != f.name {
		return kitproblem.NotFound(req.GetName())
	}
	if err := stream.Send(&evidencev1.DownloadArtifactResponse{MediaType: "application/pdf", FileName: "Familienabend „Mai“.pdf", Chunk: f.content[:len(f.content)/2]}); err != nil {
		return err
	}
	if f.broken {
		return kitproblem.Unavailable("blobs")
	}
	return stream.Send(&evidencev1.DownloadArtifactResponse{Chunk: f.content[len(f.content)/2:]})
}

// fakeAssessments knows one form.
type fakeAssessments struct {
	assessmentsv1.UnimplementedResponsesServiceServer
	assessmentsv1.UnimplementedResultsServiceServer
}

func (f *fakeAssessments) register(s grpc.ServiceRegistrar) {
	assessmentsv1.RegisterResponsesServiceServer(s, f)
	assessmentsv1.RegisterResultsServiceServer(s, f)
}

func (f *fakeAssessments) GetForm(_ context.Context, req *assessmentsv1.GetFormRequest) (*assessmentsv1.Form, error) {
	if req.GetCode() != "opensesame" {
		return nil, kitproblem.NotFound("forms/" + req.GetCode())
	}
	return &assessmentsv1.Form{}, nil
}
