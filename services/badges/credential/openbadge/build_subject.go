package openbadge

func buildProfile(p Profile) object {
	o := object{"type": list("Profile")}
	o.text("id", p.ID).text("name", p.Name).text("url", p.URL).text("email", p.Email).text("phone", p.Phone).
		text("description", p.Description).text("official", p.Official).image(p.Image)
	if p.Address != nil {
		o["address"] = map[string]any(buildAddress(*p.Address))
	}
	return o.profile("parentOrg", p.ParentOrg).otherIdentifiers(p.OtherIdentifiers).documents("endorsement", p.Endorsements)
}

func buildAddress(a Address) object {
	o := object{"type": list("Address")}
	o.text("addressCountry", a.Country).text("addressCountryCode", a.CountryCode).text("addressRegion", a.Region).
		text("addressLocality", a.Locality).text("streetAddress", a.Street).text("postOfficeBoxNumber", a.PostOfficeBox).
		text("postalCode", a.PostalCode)
	if a.Geo != nil {
		o["geo"] = map[string]any{"type": "GeoCoordinates", "latitude": a.Geo.Latitude, "longitude": a.Geo.Longitude}
	}
	return o
}

func (o object) otherIdentifiers(ids []Identifier) object {
	return o.each("otherIdentifier", len(ids), func(i int) object {
		return object{"type": "IdentifierEntry"}.text("identifier", ids[i].Value).text("identifierType", ids[i].Type)
	})
}

func (o object) identifiers(ids []Identifier) object {
	return o.each("identifier", len(ids), func(i int) object {
		id := ids[i]
		out := object{"type": "IdentityObject", "hashed": id.Hashed}
		value := id.Value
		if id.Hashed && value != "" {
			value = IdentityHash(id.Value, id.Salt)
			out.text("salt", id.Salt)
		}
		return out.text("identityHash", value).text("identityType", id.Type)
	})
}

func buildSubject(b Badge) map[string]any {
	o := object{"type": list("AchievementSubject"), "achievement": map[string]any(buildAchievement(b.Achievement))}
	o.text("id", b.School.ID).text("name", b.School.Name).image(b.School.Image).identifiers(b.School.Identifiers)
	o.text("narrative", b.Award.Narrative).text("role", b.Award.Role).text("term", b.Award.Term).
		text("licenseNumber", b.Award.License).number("creditsEarned", b.Award.Credits).
		time("activityStartDate", b.Award.Started).time("activityEndDate", b.Award.Ended).profile("source", b.Award.Source)
	o.each("result", len(b.Results), func(i int) object {
		r := b.Results[i]
		return object{"type": list("Result")}.text("resultDescription", r.ResultDescription).
			text("achievedLevel", r.AchievedLevel).text("value", r.Value).text("status", r.Status).alignments(r.Alignments)
	})
	return o
}

func buildAchievement(a Achievement) object {
	o := object{
		"type": list("Achievement"), "achievementType": orDefault(a.Type, "Badge"),
		"criteria": map[string]any(object{}.text("id", a.CriteriaID).text("narrative", a.CriteriaNarrative)),
	}
	o.text("id", a.ID).text("name", a.Name).text("description", a.Description).text("version", a.Version).
		text("inLanguage", a.InLanguage).text("humanCode", a.HumanCode).text("fieldOfStudy", a.FieldOfStudy).
		text("specialization", a.Specialization).number("creditsAvailable", a.Credits).image(a.Image)
	o.profile("creator", a.Creator).texts("tag", a.Tags).alignments(a.Alignments)
	o.each("resultDescription", len(a.ResultDescription), func(i int) object {
		return buildResultDescription(a.ResultDescription[i])
	})
	o.each("related", len(a.Related), func(i int) object {
		r := a.Related[i]
		return object{"type": list("Related")}.text("id", r.ID).text("inLanguage", r.InLanguage).text("version", r.Version)
	})
	return o.otherIdentifiers(a.OtherIdentifiers).documents("endorsement", a.Endorsements)
}

func (o object) alignments(alignments []Alignment) object {
	return o.each("alignment", len(alignments), func(i int) object {
		a := alignments[i]
		return object{"type": list("Alignment")}.text("targetName", a.TargetName).text("targetUrl", a.TargetURL).
			text("targetCode", a.TargetCode).text("targetFramework", a.TargetFramework).
			text("targetDescription", a.TargetDescription).text("targetType", a.TargetType)
	})
}

func buildResultDescription(d ResultDescription) object {
	o := object{"type": list("ResultDescription"), "resultType": orDefault(d.Type, "RubricCriterionLevel")}
	o.text("id", d.ID).text("name", d.Name).text("requiredLevel", d.RequiredLevel).text("requiredValue", d.RequiredValue).
		text("valueMin", d.ValueMin).text("valueMax", d.ValueMax).texts("allowedValue", d.AllowedValues)
	o.each("rubricCriterionLevel", len(d.Levels), func(i int) object {
		l := d.Levels[i]
		return object{"type": list("RubricCriterionLevel")}.text("id", l.ID).text("name", l.Name).
			text("level", l.Level).text("points", l.Points).text("description", l.Description).alignments(l.Alignments)
	})
	return o.alignments(d.Alignments)
}

func orDefault(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}
