package api

import (
	"context"

	"google.golang.org/genproto/googleapis/api/httpbody"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	"github.com/tandem-badges/tandem/services/badges/credential/did"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/internal/issuer"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/mask"
)

const (
	issuerPattern = "issuers/{issuer}"
	keyPattern    = issuerPattern + "/keys/{key}"
	registryType  = "application/json"
)

type issuersServer struct {
	badgesv1.UnimplementedIssuersServiceServer
	office *issuer.Office
}

// ListIssuers lists issuers.
func (s *issuersServer) ListIssuers(ctx context.Context, req *badgesv1.ListIssuersRequest) (*badgesv1.ListIssuersResponse, error) {
	rows, next, err := paged(req, func(i issuer.Issuer) []string { return []string{i.Name} },
		func(after []string, limit int) ([]issuer.Issuer, error) {
			return s.office.Issuers(ctx, issuer.Slice{After: first(after), Limit: limit})
		})
	if err != nil {
		return nil, err
	}
	out := &badgesv1.ListIssuersResponse{NextPageToken: next}
	for _, i := range rows {
		m, err := describedIssuer(ctx, s.office, i)
		if err != nil {
			return nil, err
		}
		out.Issuers = append(out.Issuers, m)
	}
	return out, nil
}

// CreateIssuer registers an issuer for a district.
func (s *issuersServer) CreateIssuer(ctx context.Context, req *badgesv1.CreateIssuerRequest) (*badgesv1.Issuer, error) {
	m := req.GetIssuer()
	i, err := s.office.Create(ctx, issuer.New{
		ID: req.GetIssuerId(), District: m.GetDistrict(), Profile: profileOf(m), Method: didMethodOf(m.GetDidMethod()),
	})
	if err != nil {
		return nil, err
	}
	return describedIssuer(ctx, s.office, i)
}

// UpdateIssuer changes the profile of an issuer.
func (s *issuersServer) UpdateIssuer(ctx context.Context, req *badgesv1.UpdateIssuerRequest) (*badgesv1.Issuer, error) {
	m := req.GetIssuer()
	if err := named(issuerPattern, m.GetName()); err != nil {
		return nil, err
	}
	change, err := mask.Change(req.GetUpdateMask(), m, []string{"title", "url", "email", "image_url"}, profileProto, profileOf)
	if err != nil {
		return nil, err
	}
	i, err := s.office.Update(ctx, m.GetName(), m.GetEtag(), change)
	if err != nil {
		return nil, err
	}
	return describedIssuer(ctx, s.office, i)
}

// ListIssuerKeys lists the keys of an issuer, newest first.
func (s *issuersServer) ListIssuerKeys(ctx context.Context, req *badgesv1.ListIssuerKeysRequest) (*badgesv1.ListIssuerKeysResponse, error) {
	if err := named(issuerPattern, req.GetParent()); err != nil {
		return nil, err
	}
	rows, next, err := paged(req, func(k issuer.SigningKey) []string { return []string{k.Name} },
		func(after []string, limit int) ([]issuer.SigningKey, error) {
			return s.office.Keys(ctx, req.GetParent(), issuer.Slice{After: first(after), Limit: limit})
		})
	if err != nil {
		return nil, err
	}
	return &badgesv1.ListIssuerKeysResponse{IssuerKeys: each(rows, keyProto), NextPageToken: next}, nil
}

// RotateIssuerKey makes a new key.
func (s *issuersServer) RotateIssuerKey(ctx context.Context, req *badgesv1.RotateIssuerKeyRequest) (*badgesv1.IssuerKey, error) {
	if err := named(issuerPattern, req.GetParent()); err != nil {
		return nil, err
	}
	k, err := s.office.Rotate(ctx, req.GetParent())
	return answer(k, err, keyProto)
}

// CompromiseIssuerKey declares a key compromised.
func (s *issuersServer) CompromiseIssuerKey(ctx context.Context, req *badgesv1.CompromiseIssuerKeyRequest) (*badgesv1.IssuerKey, error) {
	if err := named(keyPattern, req.GetName()); err != nil {
		return nil, err
	}
	k, err := s.office.Compromise(ctx, req.GetName(), req.GetCompromiseTime().AsTime(), req.GetReason())
	return answer(k, err, keyProto)
}

// GetDidDocument reads the document of an issuer.
func (s *issuersServer) GetDidDocument(ctx context.Context, req *badgesv1.GetDidDocumentRequest) (*httpbody.HttpBody, error) {
	if err := named(issuerPattern, req.GetName()); err != nil {
		return nil, err
	}
	raw, err := s.office.DidDocument(ctx, req.GetName())
	return answer(raw, err, func(raw []byte) *httpbody.HttpBody {
		return &httpbody.HttpBody{ContentType: did.MediaTypeLD, Data: raw}
	})
}

// GetIssuerRegistry reads the signed registry.
func (s *issuersServer) GetIssuerRegistry(ctx context.Context, _ *badgesv1.GetIssuerRegistryRequest) (*httpbody.HttpBody, error) {
	raw, err := s.office.Registry(ctx)
	return answer(raw, err, func(raw []byte) *httpbody.HttpBody {
		return &httpbody.HttpBody{ContentType: registryType, Data: raw}
	})
}

// describedIssuer is an issuer with the names of its keys.
func describedIssuer(ctx context.Context, office *issuer.Office, i issuer.Issuer) (*badgesv1.Issuer, error) {
	all, err := office.Keys(ctx, i.Name, issuer.Slice{})
	if err != nil {
		return nil, err
	}
	m := profileProto(i.Profile)
	m.Name, m.District, m.Did, m.FormerDids = i.Name, i.District, i.DID, i.FormerDIDs
	m.DidMethod = badgesv1.DidMethod(badgesv1.DidMethod_value["DID_METHOD_"+string(i.Method)])
	m.VerificationMethods = each(all, func(k issuer.SigningKey) string { return k.Method })
	m.CreateTime, m.UpdateTime, m.Etag = stamp(i.CreateTime), stamp(i.UpdateTime), etag.Of(i.Version)
	return m, nil
}

func profileProto(p issuer.Profile) *badgesv1.Issuer {
	return &badgesv1.Issuer{Title: p.Title, Url: p.URL, Email: p.Email, ImageUrl: p.ImageURL}
}

func profileOf(m *badgesv1.Issuer) issuer.Profile {
	return issuer.Profile{Title: m.GetTitle(), URL: m.GetUrl(), Email: m.GetEmail(), ImageURL: m.GetImageUrl()}
}

func didMethodOf(m badgesv1.DidMethod) issuer.DIDMethod {
	switch m {
	case badgesv1.DidMethod_DID_METHOD_WEB:
		return issuer.Web
	case badgesv1.DidMethod_DID_METHOD_KEY:
		return issuer.Key
	default:
		return ""
	}
}

func keyProto(k issuer.SigningKey) *badgesv1.IssuerKey {
	return &badgesv1.IssuerKey{
		Name: k.Name, PublicKeyMultibase: keys.EncodeMultikey(k.Public), VerificationMethod: k.Method,
		State:      badgesv1.IssuerKey_State(badgesv1.IssuerKey_State_value["STATE_"+string(k.State)]),
		CreateTime: stamp(k.CreateTime), RetireTime: stamp(k.RetireTime), CompromiseTime: stamp(k.CompromiseTime), CompromiseReason: k.Reason,
	}
}
