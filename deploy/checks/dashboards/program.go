package dashboards

// program shows the work of schools: what the state office asks about at nine in the morning.
func program() *builder {
	b := start("program", "Surveys and badges", "Schools, surveys, evidence and badges: how the program goes. Counts of the whole state only; no district, school or person stands here.")
	b.dashboard.Time.From = "now-7d"
	b.section("The state")
	b.number(text{"Schools", "Schools that are registered.", "short", ""}, q("", `sum(tandem_schools{namespace=~"$namespace"})`))
	b.number(text{"Teams", "Teams of schools.", "short", ""}, q("", `sum(tandem_teams{namespace=~"$namespace"})`))
	b.number(text{"Open surveys", "Surveys that families can answer now.", "short", ""}, q("", `sum(tandem_survey_campaigns{namespace=~"$namespace", state="open"})`))
	b.number(text{"Applications that wait", "Applications for a badge that wait for reviewers or a decision.", "short", ""}, q("", `sum(tandem_submissions_waiting{namespace=~"$namespace"})`))
	b.section("Surveys")
	b.lines(text{"Answers", "Answers an hour. `late` came when the survey was not open; `refused` for any other reason.", "short", "TandemSurveySubmissionBurn"},
		q("{{result}}", `3600 * sum by (result) (rate(tandem_survey_answers_total{namespace=~"$namespace"}[$__rate_interval]))`))
	b.lines(text{"Errors when handing in", "Share of the surveys handed in that ended with an error of the server.", "percentunit", "TandemSurveySubmissionBurn"},
		q("{{namespace}}", `tandem:slo_bad:rate5m{namespace=~"$namespace", slo="survey-submission"} / tandem:slo_total:rate5m{namespace=~"$namespace", slo="survey-submission"}`))
	b.lines(text{"Surveys by state", "From draft to published.", "short", ""},
		q("{{state}}", `sum by (state) (tandem_survey_campaigns{namespace=~"$namespace"})`))
	b.lines(text{"Mails", "Invitations and reminders an hour, by result.", "short", "TandemMailsFail"},
		q("{{result}}", `3600 * sum by (result) (rate(tandem_mails_total{namespace=~"$namespace"}[$__rate_interval]))`))
	b.section("Journeys and evidence")
	b.lines(text{"Journeys by stage", "Where the teams are on their way.", "short", ""},
		q("{{stage}}", `sum by (stage) (tandem_journeys{namespace=~"$namespace"})`))
	b.lines(text{"Evidence", "Files taken in within an hour.", "short", ""},
		q("files", `3600 * sum(rate(tandem_evidence_files_total{namespace=~"$namespace"}[$__rate_interval]))`))
	b.lines(text{"Size of evidence", "Bytes a second taken in.", "Bps", ""},
		q("bytes", `sum(rate(tandem_evidence_bytes_total{namespace=~"$namespace"}[$__rate_interval]))`))
	b.section("Badges")
	b.lines(text{"Awarded", "Badges awarded within a day.", "short", ""},
		q("badges", `sum(increase(tandem_badges_awarded_total{namespace=~"$namespace"}[1d]))`))
	b.lines(text{"Applications that wait", "How many wait for reviewers or a decision.", "short", ""},
		q("waiting", `sum(tandem_submissions_waiting{namespace=~"$namespace"})`))
	b.lines(text{"Until a revocation is told", "95 % of the changes of a badge's status: time until a signed list says so.", "s", "TandemStatusPublishLate"},
		traced("95 %", quantile("0.95", `tandem_status_publish_latency_seconds_bucket{namespace=~"$namespace"}`)))
	b.lines(text{"Public log", "Entries published, and entries that wait.", "short", "TandemPublicLogLate"},
		q("published", `max(tandem_log_size{namespace=~"$namespace"})`), q("waiting", `max(tandem_log_waiting{namespace=~"$namespace"})`))
	b.lines(text{"How late the public log is", "How long the oldest entry waits. If the log has halted, it says 1 in the other line.", "s", "TandemPublicLogHalted"},
		q("oldest entry waits", `max(tandem_log_lag_seconds{namespace=~"$namespace"})`), q("halted", `max(tandem_log_halted{namespace=~"$namespace"})`))
	return b
}
