package openbadge

// The vocabularies of Open Badges 3.0 and CLR 2.0. A value outside of them needs the prefix ext:,
// where the vocabulary is open at all.

func achievementTypes() []string {
	return []string{
		"Achievement", "ApprenticeshipCertificate", "Assessment", "Assignment", "AssociateDegree", "Award", "Badge",
		"BachelorDegree", "Certificate", "CertificateOfCompletion", "Certification", "CommunityService", "Competency",
		"Course", "CoCurricular", "Degree", "Diploma", "DoctoralDegree", "Fieldwork", "GeneralEducationDevelopment",
		"JourneymanCertificate", "LearningProgram", "License", "Membership", "ProfessionalDoctorate",
		"QualityAssuranceCredential", "MasterCertificate", "MasterDegree", "MicroCredential", "ResearchDoctorate",
		"SecondarySchoolDiploma",
	}
}

func identifierTypes() []string {
	return []string{
		"name", "sourcedId", "systemId", "productId", "userName", "accountId", "emailAddress", "nationalIdentityNumber",
		"isbn", "issn", "lisSourcedId", "oneRosterSourcedId", "sisSourcedId", "ltiContextId", "ltiDeploymentId",
		"ltiToolId", "ltiPlatformId", "ltiUserId", "identifier",
	}
}

func resultTypes() []string {
	return []string{
		"GradePointAverage", "LetterGrade", "Percent", "PerformanceLevel", "PredictedScore", "RawScore", "Result",
		"RubricCriterion", "RubricCriterionLevel", "RubricScore", "ScaledScore", "Status",
	}
}

func associationTypes() []string {
	return []string{
		"exactMatchOf", "isChildOf", "isParentOf", "isPartOf", "isPeerOf", "isRelatedTo", "precedes", "replacedBy",
	}
}
