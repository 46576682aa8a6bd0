package schools_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/kittest"
)

func mask(paths ...string) *fieldmaskpb.FieldMask { return &fieldmaskpb.FieldMask{Paths: paths} }

func invalid(rules ...string) refusal {
	return refusal{Code: codes.InvalidArgument, Reason: "FIELD_INVALID", Rules: rules}
}

func TestBadFieldsAreAllNamedAtOnce(t *testing.T) {
	r := newRig(t)
	r.land()
	require.Equal(t, invalid("district.title: required", "district.time_zone: time_zone"),
		refused(r, r.orgs.CreateDistrict)(r.state(), &schoolsv1.CreateDistrictRequest{District: &schoolsv1.District{TimeZone: "Mars/Base"}}))
	require.Equal(t, invalid("school.title: required", "school.grade_high: grade_order"),
		refused(r, r.orgs.CreateSchool)(r.coordinator(), &schoolsv1.CreateSchoolRequest{
			Parent: d1, School: &schoolsv1.School{GradeLow: "05", GradeHigh: "K"},
		}))
	require.Equal(t, invalid("feeder_system.title: required", "feeder_system.schools[0]: school_exists", "feeder_system.schools[1]: same_district"),
		refused(r, r.orgs.CreateFeederSystem)(r.coordinator(), &schoolsv1.CreateFeederSystemRequest{
			Parent: d1, FeederSystem: &schoolsv1.FeederSystem{Schools: []string{d1 + "/schools/none", other}},
		}))
	require.Equal(t, invalid("name: name_form"), refused(r, r.orgs.GetSchool)(r.state(), &schoolsv1.GetSchoolRequest{Name: "schools/1"}))
	require.Equal(t, invalid("cycle.title: required", "cycle.start_date: calendar_day", "cycle.end_date: required", "cycle.terms: required"),
		refused(r, r.cycles.CreateCycle)(r.state(), &schoolsv1.CreateCycleRequest{Cycle: &schoolsv1.Cycle{StartDate: "2026-02-30"}}))
}

func TestABatchOfSchoolsIsAllOrNone(t *testing.T) {
	r := newRig(t)
	r.land()
	batch := func(schools ...*schoolsv1.CreateSchoolRequest) *schoolsv1.BatchCreateSchoolsRequest {
		return &schoolsv1.BatchCreateSchoolsRequest{Parent: d1, Requests: schools}
	}
	one := func(parent, id, title string) *schoolsv1.CreateSchoolRequest {
		return &schoolsv1.CreateSchoolRequest{Parent: parent, SchoolId: id, School: &schoolsv1.School{Title: title}}
	}
	require.Equal(t, invalid("requests[1].parent: same_parent", "requests[2].school_id: unique", "requests[3].school.title: required"),
		refused(r, r.orgs.BatchCreateSchools)(r.coordinator(), batch(one(d1, "7", "A"), one(d2, "8", "B"), one(d1, "7", "C"), one(d1, "9", " "))))
	got := refused(r, r.orgs.BatchCreateSchools)(r.coordinator(), batch(one(d1, "7", "A"), one(d1, "1001", "B")))
	require.Equal(t, refusal{Code: codes.AlreadyExists, Reason: "RESOURCE_EXISTS", Name: s1}, got)
	require.Equal(t, codes.NotFound, refused(r, r.orgs.GetSchool)(r.coordinator(), &schoolsv1.GetSchoolRequest{Name: d1 + "/schools/7"}).Code)
	made := ok(r, r.orgs.BatchCreateSchools)(r.coordinator(), batch(one(d1, "7", "A"), one(d1, "8", "B"))).GetSchools()
	require.Len(t, made, 2)
	require.Equal(t, []string{"SchoolRegistered"}, r.emitted(made[1].GetName()))
}

func TestAForeignDistrictIsAnsweredLikeOneThatNeverExisted(t *testing.T) {
	r := newRig(t)
	r.land()
	calls := map[string]func(district string) refusal{
		"get district": func(d string) refusal {
			return refused(r, r.orgs.GetDistrict)(r.coordinator(), &schoolsv1.GetDistrictRequest{Name: d})
		},
		"get school": func(d string) refusal {
			return refused(r, r.orgs.GetSchool)(r.coordinator(), &schoolsv1.GetSchoolRequest{Name: d + "/schools/2001"})
		},
		"list schools": func(d string) refusal {
			return refused(r, r.orgs.ListSchools)(r.coordinator(), &schoolsv1.ListSchoolsRequest{Parent: d})
		},
		"create school with bad fields": func(d string) refusal {
			return refused(r, r.orgs.CreateSchool)(r.coordinator(), &schoolsv1.CreateSchoolRequest{Parent: d, School: &schoolsv1.School{Enrollment: -1}})
		},
		"list people": func(d string) refusal {
			return refused(r, r.people.ListPeople)(r.coordinator(), &schoolsv1.ListPeopleRequest{Parent: d})
		},
		"create team": func(d string) refusal {
			return refused(r, r.teams.CreateTeam)(r.coordinator(), &schoolsv1.CreateTeamRequest{Parent: d + "/schools/2001", Team: &schoolsv1.Team{Title: "x"}})
		},
		"read journey": func(d string) refusal {
			return refused(r, r.journeys.GetJourney)(r.coordinator(), &schoolsv1.GetJourneyRequest{Name: d + "/schools/2001/teams/t/journeys/j"})
		},
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			foreign, never := call(d2), call("districts/9999")
			require.Equal(t, codes.NotFound, foreign.Code)
			foreign.Name, never.Name = foreign.Name[len(d2):], never.Name[len("districts/9999"):]
			require.Equal(t, never, foreign)
		})
	}
}

func TestListsHoldWhatGetWouldShow(t *testing.T) {
	r := newRig(t)
	r.land()
	schools := func(as string, grants ...access.Grant) []string {
		resp := ok(r, r.orgs.ListSchools)(kittest.Context(t, as, grants...), &schoolsv1.ListSchoolsRequest{Parent: "districts/-"})
		var names []string
		for _, s := range resp.GetSchools() {
			names = append(names, s.GetName())
		}
		return names
	}
	lead, coordinator := accessv1.Role_ROLE_TEAM_LEAD, accessv1.Role_ROLE_DISTRICT_COORDINATOR
	require.Equal(t, []string{s1, s2, other}, schools("people/ada", access.Grant{Role: accessv1.Role_ROLE_STATE_ADMIN}))
	require.Equal(t, []string{s1, s2}, schools("people/c", access.Grant{Role: coordinator, Node: d1}))
	require.Equal(t, []string{s2}, schools("people/l", access.Grant{Role: lead, Node: s2}))
	require.Equal(t, []string{s2, other}, schools("people/l", access.Grant{Role: lead, Node: s2}, access.Grant{Role: coordinator, Node: d2}))
	require.Len(t, ok(r, r.orgs.ListSchools)(r.lead(), &schoolsv1.ListSchoolsRequest{Parent: d1}).GetSchools(), 1)
	require.Len(t, ok(r, r.orgs.ListDistricts)(r.lead(), &schoolsv1.ListDistrictsRequest{}).GetDistricts(), 1)
	require.Len(t, ok(r, r.orgs.ListDistricts)(r.state(), &schoolsv1.ListDistrictsRequest{}).GetDistricts(), 2)
}

func TestListsPageAndFilter(t *testing.T) {
	r := newRig(t)
	r.land()
	var titles []string
	req := &schoolsv1.ListSchoolsRequest{Parent: "districts/-", PageSize: 1}
	for {
		resp := ok(r, r.orgs.ListSchools)(r.state(), req)
		for _, s := range resp.GetSchools() {
			titles = append(titles, s.GetTitle())
		}
		if req.PageToken = resp.GetNextPageToken(); req.PageToken == "" {
			break
		}
	}
	require.Equal(t, []string{"School 1001", "School 1002", "School 2001"}, titles)
	require.Equal(t, invalid("page_token: from_previous_page"), refused(r, r.orgs.ListSchools)(r.state(), &schoolsv1.ListSchoolsRequest{Parent: d1, PageToken: "forged"}))
	for filter, want := range map[string]int{
		`title:"100"`: 2, `title = "School 1001"`: 1, `title_one = true`: 0, `NOT title_one`: 3, `state = STATE_OPEN`: 3,
		`title:"1001" OR title:"2001"`: 2, `title:"SCHOOL" AND charter = false`: 3, `state = "CLOSED"`: 0,
	} {
		t.Run(filter, func(t *testing.T) {
			require.Len(t, ok(r, r.orgs.ListSchools)(r.state(), &schoolsv1.ListSchoolsRequest{Parent: "districts/-", Filter: filter}).GetSchools(), want)
		})
	}
	for _, filter := range []string{`enrollment > 3`, `title`, `title = 1`, `state = STATE_GONE`, `((`, `charter = "maybe"`} {
		t.Run("refused: "+filter, func(t *testing.T) {
			require.Equal(t, invalid("filter: filter"), refused(r, r.orgs.ListSchools)(r.state(), &schoolsv1.ListSchoolsRequest{Parent: d1, Filter: filter}))
		})
	}
}

func TestUpdatesFollowTheMaskAndTheEtag(t *testing.T) {
	r := newRig(t)
	r.land()
	before := ok(r, r.orgs.GetSchool)(r.coordinator(), &schoolsv1.GetSchoolRequest{Name: s1})
	update := func(s *schoolsv1.School, paths ...string) *schoolsv1.UpdateSchoolRequest {
		s.Name = s1
		return &schoolsv1.UpdateSchoolRequest{School: s, UpdateMask: mask(paths...)}
	}
	got := ok(r, r.orgs.UpdateSchool)(r.coordinator(), update(&schoolsv1.School{Title: "ignored", GradeLow: "K", Etag: before.GetEtag()}, "grade_low", "etag"))
	require.Equal(t, "School 1001", got.GetTitle())
	require.Equal(t, "K", got.GetGradeLow())
	require.NotEqual(t, before.GetEtag(), got.GetEtag())
	require.Equal(t, refusal{Code: codes.Aborted, Reason: "ETAG_STALE"},
		refused(r, r.orgs.UpdateSchool)(r.coordinator(), update(&schoolsv1.School{Title: "late", Etag: before.GetEtag()}, "title")))
	require.Equal(t, invalid("update_mask: editable_field"), refused(r, r.orgs.UpdateSchool)(r.coordinator(), update(&schoolsv1.School{}, "state")))
	require.Equal(t, invalid("update_mask: editable_field"), refused(r, r.orgs.UpdateSchool)(r.coordinator(), update(&schoolsv1.School{}, "colour")))
	require.Equal(t, invalid("school.title: required"), refused(r, r.orgs.UpdateSchool)(r.coordinator(), update(&schoolsv1.School{}, "title")))
	require.Equal(t, int32(9), ok(r, r.orgs.UpdateSchool)(r.coordinator(), update(&schoolsv1.School{Enrollment: 9})).GetEnrollment())
	all := ok(r, r.orgs.UpdateSchool)(r.coordinator(), update(&schoolsv1.School{Title: "New"}, "*"))
	require.Equal(t, "New", all.GetTitle())
	require.Empty(t, all.GetGradeLow())
	require.Equal(t, []string{"SchoolRegistered", "SchoolChanged", "SchoolChanged", "SchoolChanged"}, r.emitted(s1))
	require.Equal(t, "North", ok(r, r.orgs.UpdateDistrict)(r.coordinator(), &schoolsv1.UpdateDistrictRequest{
		District: &schoolsv1.District{Name: d1, Region: "North"},
	}).GetRegion())
	require.Equal(t, codes.PermissionDenied, refused(r, r.orgs.UpdateSchool)(r.lead(), update(&schoolsv1.School{Title: "x"})).Code)
}

func TestTheSameRequestIdGivesTheFirstAnswer(t *testing.T) {
	r := newRig(t)
	req := &schoolsv1.CreateDistrictRequest{District: &schoolsv1.District{Title: "Once"}, RequestId: "r-1"}
	first, again := ok(r, r.orgs.CreateDistrict)(r.state(), req), ok(r, r.orgs.CreateDistrict)(r.state(), req)
	require.True(t, proto.Equal(first, again))
	require.Len(t, ok(r, r.orgs.ListDistricts)(r.state(), &schoolsv1.ListDistrictsRequest{}).GetDistricts(), 1)
	require.Equal(t, []string{"DistrictRegistered"}, r.emitted(first.GetName()))
}

func TestASchoolClosesOnce(t *testing.T) {
	r := newRig(t)
	r.land()
	require.Equal(t, schoolsv1.School_STATE_CLOSED, ok(r, r.orgs.CloseSchool)(r.coordinator(), &schoolsv1.CloseSchoolRequest{Name: s1}).GetState())
	wrong := refusal{Code: codes.FailedPrecondition, Reason: "STATE_WRONG", Rules: []string{s1 + ": school_open"}}
	require.Equal(t, wrong, refused(r, r.orgs.CloseSchool)(r.coordinator(), &schoolsv1.CloseSchoolRequest{Name: s1}))
	require.Equal(t, wrong, refused(r, r.teams.CreateTeam)(r.lead(), &schoolsv1.CreateTeamRequest{Parent: s1, Team: &schoolsv1.Team{Title: "T"}}))
	require.Equal(t, []string{"SchoolRegistered", "SchoolClosed"}, r.emitted(s1))
}

func TestASchoolIsInOneFeederSystem(t *testing.T) {
	r := newRig(t)
	r.land()
	create := func(id string, schools ...string) *schoolsv1.CreateFeederSystemRequest {
		return &schoolsv1.CreateFeederSystemRequest{Parent: d1, FeederSystemId: id, FeederSystem: &schoolsv1.FeederSystem{Title: id, Schools: schools}}
	}
	east := ok(r, r.orgs.CreateFeederSystem)(r.coordinator(), create("east", s1))
	require.Equal(t, invalid("feeder_system.schools[1]: one_feeder_system"), refused(r, r.orgs.CreateFeederSystem)(r.coordinator(), create("west", s2, s1)))
	ok(r, r.orgs.UpdateFeederSystem)(r.coordinator(), &schoolsv1.UpdateFeederSystemRequest{FeederSystem: east, UpdateMask: mask("schools")})
	ok(r, r.orgs.DeleteFeederSystem)(r.coordinator(), &schoolsv1.DeleteFeederSystemRequest{Name: east.GetName()})
	west := ok(r, r.orgs.CreateFeederSystem)(r.coordinator(), create("west", s2, s1))
	require.Equal(t, west.GetSchools(), ok(r, r.orgs.GetFeederSystem)(r.lead(), &schoolsv1.GetFeederSystemRequest{Name: west.GetName()}).GetSchools())
	require.Len(t, ok(r, r.orgs.ListFeederSystems)(r.lead(), &schoolsv1.ListFeederSystemsRequest{Parent: d1}).GetFeederSystems(), 1)
}

func TestNobodyGrantsMoreThanTheyHold(t *testing.T) {
	r := newRig(t)
	r.land()
	person := func(id string, grants ...*schoolsv1.RoleGrant) *schoolsv1.CreatePersonRequest {
		return &schoolsv1.CreatePersonRequest{Parent: d1, PersonId: id, Person: &schoolsv1.Person{DisplayName: id, Email: id + "@example.org", Grants: grants}}
	}
	grant := func(role accessv1.Role, node string) *schoolsv1.RoleGrant {
		return &schoolsv1.RoleGrant{Role: role, Node: node}
	}
	lead, reviewer := accessv1.Role_ROLE_TEAM_LEAD, accessv1.Role_ROLE_REVIEWER
	lena := ok(r, r.people.CreatePerson)(r.coordinator(), person("lena", grant(lead, s1)))
	require.Equal(t, []string{"PersonChanged"}, r.emitted(lena.GetName()))
	require.Equal(t, refusal{Code: codes.FailedPrecondition, Reason: "ROLE_INSUFFICIENT", Rules: []string{"person.grants[1]: grant_exceeds_own"}},
		refused(r, r.people.CreatePerson)(r.coordinator(), person("x", grant(lead, s1), grant(reviewer, d1))))
	require.Equal(t, invalid("person.grants[0].node: within_district", "person.grants[1].node: node_exists", "person.grants[2].node: node_form"),
		refused(r, r.people.CreatePerson)(r.state(), person("x", grant(lead, other), grant(lead, d1+"/schools/none"), grant(lead, "teams/x"))))
	rita := ok(r, r.people.CreatePerson)(r.state(), person("rita", grant(reviewer, d1)))
	require.Equal(t, []*schoolsv1.RoleGrant{{Role: reviewer, Node: d1}}[0].String(), rita.GetGrants()[0].String())
	require.Equal(t, invalid("update_mask: grants_have_a_service"), refused(r, r.people.UpdatePerson)(r.state(), &schoolsv1.UpdatePersonRequest{
		Person: &schoolsv1.Person{Name: rita.GetName()}, UpdateMask: mask("grants"),
	}))
	require.Equal(t, "Rita", ok(r, r.people.UpdatePerson)(r.coordinator(), &schoolsv1.UpdatePersonRequest{
		Person: &schoolsv1.Person{Name: rita.GetName(), DisplayName: "Rita"},
	}).GetDisplayName())
	require.Equal(t, invalid("person.display_name: required", "person.email: mail_address"), refused(r, r.people.CreatePerson)(r.state(), &schoolsv1.CreatePersonRequest{
		Person: &schoolsv1.Person{Email: "not a mail"},
	}))
	require.Equal(t, "ada", ok(r, r.people.GetPerson)(r.state(), &schoolsv1.GetPersonRequest{Name: "people/ada"}).GetDisplayName())
	require.Len(t, ok(r, r.people.ListPeople)(r.state(), &schoolsv1.ListPeopleRequest{Parent: "districts/-"}).GetPeople(), 4)
	require.Len(t, ok(r, r.people.ListPeople)(r.state(), &schoolsv1.ListPeopleRequest{}).GetPeople(), 1)
	require.Len(t, ok(r, r.people.ListPeople)(r.coordinator(), &schoolsv1.ListPeopleRequest{Parent: d1}).GetPeople(), 3)
	require.Equal(t, codes.PermissionDenied, refused(r, r.people.ListPeople)(r.coordinator(), &schoolsv1.ListPeopleRequest{Parent: "districts/-"}).Code)
}

func TestMembersSpeakForThemselves(t *testing.T) {
	r := newRig(t)
	r.land()
	team := r.aTeam()
	ok(r, r.people.CreatePerson)(r.coordinator(), &schoolsv1.CreatePersonRequest{Parent: d1, PersonId: "mia", Person: &schoolsv1.Person{DisplayName: "Mia"}})
	invite := func(person string) *schoolsv1.CreateMemberRequest {
		return &schoolsv1.CreateMemberRequest{Parent: team, Member: &schoolsv1.Member{Person: person, DisplayName: "Mia", Group: 3}}
	}
	mia := ok(r, r.teams.CreateMember)(r.lead(), invite(d1+"/people/mia"))
	require.False(t, mia.GetConfirmed())
	require.Equal(t, invalid("member.person: once_per_team"), refused(r, r.teams.CreateMember)(r.lead(), invite(d1+"/people/mia")))
	require.Equal(t, invalid("member.person: person_of_district"), refused(r, r.teams.CreateMember)(r.lead(), invite(d2+"/people/nil")))
	require.Equal(t, refusal{Code: codes.PermissionDenied, Reason: "ROLE_INSUFFICIENT"},
		refused(r, r.teams.ConfirmMember)(r.lead(), &schoolsv1.ConfirmMemberRequest{Name: mia.GetName()}))
	herself := r.as(d1+"/people/mia", accessv1.Role_ROLE_TEAM_MEMBER, s1)
	require.True(t, ok(r, r.teams.ConfirmMember)(herself, &schoolsv1.ConfirmMemberRequest{Name: mia.GetName()}).GetConfirmed())
	require.Equal(t, []string{mia.GetName() + ": member_invited"}, refused(r, r.teams.ConfirmMember)(herself, &schoolsv1.ConfirmMemberRequest{Name: mia.GetName()}).Rules)
	require.Len(t, ok(r, r.teams.GetTeam)(r.lead(), &schoolsv1.GetTeamRequest{Name: team}).GetGroups(), 3)
	ok(r, r.teams.UpdateMember)(r.lead(), &schoolsv1.UpdateMemberRequest{Member: &schoolsv1.Member{Name: mia.GetName(), Group: 5}, UpdateMask: mask("group")})
	require.Equal(t, invalid("update_mask: editable_field"), refused(r, r.teams.UpdateMember)(r.lead(), &schoolsv1.UpdateMemberRequest{
		Member: &schoolsv1.Member{Name: mia.GetName()}, UpdateMask: mask("person"),
	}))
	ok(r, r.teams.DeleteMember)(r.lead(), &schoolsv1.DeleteMemberRequest{Name: mia.GetName()})
	require.Equal(t, codes.NotFound, refused(r, r.teams.GetMember)(r.lead(), &schoolsv1.GetMemberRequest{Name: mia.GetName()}).Code)
	require.Len(t, ok(r, r.teams.ListMembers)(r.lead(), &schoolsv1.ListMembersRequest{Parent: team}).GetMembers(), 3)
	require.Equal(t, []string{"MemberJoined", "MemberLeft", "MemberJoined", "MemberLeft"}, r.emitted(mia.GetName()))
	require.Equal(t, "new", ok(r, r.teams.UpdateTeam)(r.lead(), &schoolsv1.UpdateTeamRequest{Team: &schoolsv1.Team{Name: team, Purpose: "new"}}).GetPurpose())
	require.Len(t, ok(r, r.teams.ListTeams)(r.lead(), &schoolsv1.ListTeamsRequest{Parent: s1}).GetTeams(), 1)
	require.Equal(t, []string{"TeamFormed"}, r.emitted(team))
	require.Equal(t, fmt.Sprint(codes.NotFound), fmt.Sprint(refused(r, r.teams.ListTeams)(r.lead(), &schoolsv1.ListTeamsRequest{Parent: s2}).Code))
}
