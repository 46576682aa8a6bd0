package badges_test

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	"github.com/tandem-badges/tandem/services/badges"
	"github.com/tandem-badges/tandem/services/badges/credential/did"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/credential/registry"
	bt "github.com/tandem-badges/tandem/services/badges/internal/badgestest"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

const (
	stateIssuer = "issuers/state"
	stateDID    = "did:web:badges.example.org:issuers:state"
)

// office is a World at an address on the web, and its issuers.
type office struct {
	*bt.World
	badgesv1.IssuersServiceClient
}

func openOffice(t *testing.T) office {
	t.Helper()
	deps := kittest.Deps(t, "badges", badges.Migrations)
	deps.PublicURL = "https://badges.example.org"
	w := bt.Start(t, bt.Options{}, deps, badges.New)
	return office{w, badgesv1.NewIssuersServiceClient(w.Conn)}
}

func (o office) keys(issuer string) []*badgesv1.IssuerKey {
	o.T.Helper()
	list, err := o.ListIssuerKeys(o.T.Context(), &badgesv1.ListIssuerKeysRequest{Parent: issuer})
	require.NoError(o.T, err)
	return list.GetIssuerKeys()
}

func (o office) check(credential string) *badgesv1.Verification {
	o.T.Helper()
	v, err := o.Credentials.CheckCredential(o.T.Context(), &badgesv1.CheckCredentialRequest{Name: credential})
	require.NoError(o.T, err)
	return v
}

func (o office) document(credential string) (issuer, method string) {
	o.T.Helper()
	body, err := o.Credentials.GetCredential(o.T.Context(), &badgesv1.GetCredentialRequest{Name: credential})
	require.NoError(o.T, err)
	var doc struct {
		Issuer struct{ ID string }
		Proof  []struct{ VerificationMethod string }
	}
	require.NoError(o.T, json.Unmarshal(body.GetData(), &doc))
	return doc.Issuer.ID, doc.Proof[0].VerificationMethod
}

func TestABadgeOutlivesTheKeyThatSignedIt(t *testing.T) {
	o := openOffice(t)
	badge := o.Award(bt.Journey, bt.Badge).GetCredential()
	before := o.keys(stateIssuer)
	issuer, method := o.document(badge)
	require.Equal(t, stateDID, issuer)
	require.Equal(t, before[0].GetVerificationMethod(), method)

	key, err := o.RotateIssuerKey(o.As(bt.Admin), &badgesv1.RotateIssuerKeyRequest{Parent: stateIssuer, RequestId: "r1"})
	require.NoError(t, err)
	again, err := o.RotateIssuerKey(o.As(bt.Admin), &badgesv1.RotateIssuerKeyRequest{Parent: stateIssuer, RequestId: "r1"})
	require.NoError(t, err)
	require.Equal(t, key.GetName(), again.GetName(), "asked twice, rotated once")
	after := o.keys(stateIssuer)
	require.Len(t, after, 2)
	require.Equal(t, badgesv1.IssuerKey_STATE_CURRENT, after[0].GetState())
	require.Equal(t, badgesv1.IssuerKey_STATE_RETIRED, after[1].GetState())
	require.NotEqual(t, before[0].GetVerificationMethod(), key.GetVerificationMethod())

	v := o.check(badge)
	require.True(t, v.GetValid(), "%v", v)
	require.True(t, v.GetIssuerKnown())
	i, err := o.Credentials.GetIssuer(t.Context(), &badgesv1.GetIssuerRequest{Name: stateIssuer})
	require.NoError(t, err)
	require.Equal(t, stateDID, i.GetDid(), "the identifier stays")
	require.Equal(t, []string{after[0].GetVerificationMethod(), after[1].GetVerificationMethod()}, i.GetVerificationMethods())
	require.Contains(t, o.Events(), "KeyRotated")
}

func TestABadgeSignedByACompromisedKeyIsRefusedAndItsIssuerStillKnown(t *testing.T) {
	o := openOffice(t)
	badge := o.Award(bt.Journey, bt.Badge).GetCredential()
	lost := o.keys(stateIssuer)[0]
	compromise := func(at time.Time) (*badgesv1.IssuerKey, error) {
		return o.CompromiseIssuerKey(o.As(bt.Admin), &badgesv1.CompromiseIssuerKeyRequest{
			Name: lost.GetName(), CompromiseTime: timestamppb.New(at), Reason: "A laptop was stolen.",
		})
	}
	_, err := compromise(time.Now().Add(time.Hour))
	refused(t, err, codes.InvalidArgument, problem.ReasonFieldInvalid)
	_, err = compromise(lost.GetCreateTime().AsTime().Add(-time.Hour))
	refused(t, err, codes.InvalidArgument, problem.ReasonFieldInvalid)
	require.True(t, o.check(badge).GetValid())

	key, err := compromise(lost.GetCreateTime().AsTime())
	require.NoError(t, err)
	require.Equal(t, badgesv1.IssuerKey_STATE_COMPROMISED, key.GetState())
	_, err = compromise(time.Now())
	refused(t, err, codes.FailedPrecondition, problem.ReasonStateWrong)
	v := o.check(badge)
	require.False(t, v.GetValid())
	require.Equal(t, "key_compromised", step(t, v, "proof").GetCode())
	require.True(t, v.GetIssuerKnown(), "who it is is another question than whether its proof is good")
	require.Equal(t, badgesv1.IssuerKey_STATE_CURRENT, o.keys(stateIssuer)[0].GetState(), "the key was replaced at once")
	require.Contains(t, o.Events(), "KeyCompromised")
}

func TestADistrictSignsWithItsOwnKey(t *testing.T) {
	o := openOffice(t)
	create := func(district string) (*badgesv1.Issuer, error) {
		return o.CreateIssuer(o.As(bt.Admin), &badgesv1.CreateIssuerRequest{
			IssuerId: "aspen", Issuer: &badgesv1.Issuer{Title: "Aspen District", District: district, Email: "badges@example.org"},
		})
	}
	_, err := create("districts/nowhere")
	refused(t, err, codes.NotFound, problem.ReasonResourceNotFound)
	i, err := create(bt.District)
	require.NoError(t, err)
	require.Equal(t, "did:web:badges.example.org:issuers:aspen", i.GetDid())
	require.Equal(t, badgesv1.DidMethod_DID_METHOD_WEB, i.GetDidMethod())
	badge := o.Award(bt.Journey, bt.Badge).GetCredential()
	issuer, method := o.document(badge)
	require.Equal(t, i.GetDid(), issuer)
	require.Equal(t, []string{method}, i.GetVerificationMethods())
	require.True(t, o.check(badge).GetValid())

	i.Title = "Aspen Public Schools"
	changed, err := o.UpdateIssuer(o.As(bt.Admin), &badgesv1.UpdateIssuerRequest{Issuer: i})
	require.NoError(t, err)
	require.Equal(t, "Aspen Public Schools", changed.GetTitle())
	require.Equal(t, "badges@example.org", changed.GetEmail())
	list, err := o.ListIssuers(t.Context(), &badgesv1.ListIssuersRequest{PageSize: 1})
	require.NoError(t, err)
	require.Equal(t, []string{"issuers/aspen"}, []string{list.GetIssuers()[0].GetName()})
	list, err = o.ListIssuers(t.Context(), &badgesv1.ListIssuersRequest{PageSize: 1, PageToken: list.GetNextPageToken()})
	require.NoError(t, err)
	require.Equal(t, stateIssuer, list.GetIssuers()[0].GetName())
	require.Empty(t, list.GetNextPageToken())
}

func TestOnlyTheStateKeepsKeys(t *testing.T) {
	o := openOffice(t)
	name := o.keys(stateIssuer)[0].GetName()
	for _, person := range []string{bt.Coordinator, bt.Chair, bt.Principal} {
		_, err := o.RotateIssuerKey(o.As(person), &badgesv1.RotateIssuerKeyRequest{Parent: stateIssuer})
		require.Error(t, err, person)
		_, err = o.CompromiseIssuerKey(o.As(person), &badgesv1.CompromiseIssuerKeyRequest{Name: name, CompromiseTime: timestamppb.Now(), Reason: "x"})
		require.Error(t, err, person)
		_, err = o.CreateIssuer(o.As(person), &badgesv1.CreateIssuerRequest{Issuer: &badgesv1.Issuer{Title: "x", District: bt.District}})
		require.Error(t, err, person)
	}
	require.Len(t, o.keys(stateIssuer), 1)
	_, err := o.ListIssuerKeys(t.Context(), &badgesv1.ListIssuerKeysRequest{Parent: "platform/registry"})
	refused(t, err, codes.NotFound, problem.ReasonResourceNotFound)
}

func TestOthersReadKeysInDocumentAndRegistry(t *testing.T) {
	o := openOffice(t)
	body, err := o.GetDidDocument(t.Context(), &badgesv1.GetDidDocumentRequest{Name: stateIssuer})
	require.NoError(t, err)
	require.Equal(t, did.MediaTypeLD, body.GetContentType())
	doc, err := did.Parse(body.GetData(), stateDID)
	require.NoError(t, err)
	m, err := doc.Resolve(t.Context(), o.keys(stateIssuer)[0].GetVerificationMethod(), time.Now())
	require.NoError(t, err)
	require.Equal(t, o.keys(stateIssuer)[0].GetPublicKeyMultibase(), keys.EncodeMultikey(m.Key))
	body, err = o.GetIssuerRegistry(t.Context(), &badgesv1.GetIssuerRegistryRequest{})
	require.NoError(t, err)
	r, err := registry.Parse(body.GetData())
	require.NoError(t, err)
	require.NoError(t, r.Current(time.Now()))
	i, known := r.Issuer(stateDID)
	require.True(t, known)
	require.Len(t, i.Keys, 1)
	_, err = o.GetDidDocument(t.Context(), &badgesv1.GetDidDocumentRequest{Name: "issuers/none"})
	refused(t, err, codes.NotFound, problem.ReasonResourceNotFound)
}

func TestBadgesFromBeforeThereWereIssuersStayGood(t *testing.T) {
	deps := kittest.Deps(t, "badges", badges.Migrations)
	folder, err := keys.NewFileStore(filepath.Join(deps.DataDir, "keys"))
	require.NoError(t, err)
	old, err := folder.Signer(t.Context(), "issuer")
	require.NoError(t, err)
	deps.PublicURL = "https://badges.example.org"
	w := bt.Start(t, bt.Options{}, deps, badges.New)
	i, err := w.Credentials.GetIssuer(t.Context(), &badgesv1.GetIssuerRequest{Name: stateIssuer})
	require.NoError(t, err)
	require.Equal(t, stateDID, i.GetDid())
	require.Equal(t, []string{old.DID()}, i.GetFormerDids())
	list, err := badgesv1.NewIssuersServiceClient(w.Conn).ListIssuerKeys(t.Context(), &badgesv1.ListIssuerKeysRequest{Parent: stateIssuer})
	require.NoError(t, err)
	require.Len(t, list.GetIssuerKeys(), 1)
	require.Equal(t, old.DID(), "did:key:"+list.GetIssuerKeys()[0].GetPublicKeyMultibase())
}

func TestADatabaseWithoutItsKeeperSignsNothing(t *testing.T) {
	w := start(t)
	foreign := filepath.Join(t.TempDir(), "keeper.key")
	require.NoError(t, os.WriteFile(foreign, []byte(base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32)))), 0o600))
	deps := w.Deps
	deps.Keepers = []string{foreign}
	_, err := badges.New(deps)
	require.ErrorIs(t, err, keys.ErrSealed)
	require.ErrorContains(t, err, "TANDEM_ISSUER_KEEPER")

	own := filepath.Join(deps.DataDir, "keys", "issuer-keeper.key")
	examine := func(keepers ...string) (badges.KeeperState, error) {
		return badges.CheckKeepers(t.Context(), deps.DB, filepath.Dir(own), keepers)
	}
	_, err = examine(foreign)
	require.ErrorIs(t, err, keys.ErrSealed)
	state, err := examine()
	require.NoError(t, err)
	require.Positive(t, state.Signing)
	require.Zero(t, state.Stale)
	for range 2 { // the second time shows that the first changed nothing
		state, err = examine(foreign, own)
		require.NoError(t, err)
		require.Equal(t, state.Signing, state.Stale)
	}
	deps.Keepers = []string{foreign, own}
	_, err = badges.New(deps)
	require.NoError(t, err, "both keys: everything is encrypted with the first one now")
	deps.Keepers = []string{foreign}
	_, err = badges.New(deps)
	require.NoError(t, err)

	state, err = examine(foreign)
	require.NoError(t, err)
	require.Zero(t, state.Stale, "sealed anew")
	require.NoError(t, os.Remove(own))
	_, err = examine()
	require.ErrorIs(t, err, badges.ErrNoKeeper)
	require.NoFileExists(t, own, "looking makes no key")
	empty, err := badges.CheckKeepers(t.Context(), kittest.SQLite(t, "badges", badges.Migrations), filepath.Dir(own), nil)
	require.NoError(t, err)
	require.True(t, empty.New)
}
