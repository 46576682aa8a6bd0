package dashboards

const failed = `{ resource.service.name =~ "tandem.*" && (status = error || duration > 500ms) }`

// overview is what somebody looks at first: are the promises kept, and if not, since when and where.
func overview() *builder {
	b := start("overview", "Overview", "Objectives and what is left of their budgets, the API from outside, and whether every process is well.")
	objectives(b)
	b.section("REST API and pages")
	b.lines(text{"Requests", "Requests a second at the gateway, by class of status. 4xx are refusals: somebody asked for what is not there or not theirs.", "reqps", ""},
		q("2xx and 3xx", `sum(rate(http_server_request_duration_seconds_count{namespace=~"$namespace", http_response_status_code=~"[23].."}[$__rate_interval]))`),
		q("4xx", `sum(rate(http_server_request_duration_seconds_count{namespace=~"$namespace", http_response_status_code=~"4.."}[$__rate_interval]))`),
		q("5xx", `sum(rate(http_server_request_duration_seconds_count{namespace=~"$namespace", http_response_status_code=~"5.."}[$__rate_interval]))`))
	b.lines(text{"Duration", "How long half, 95 % and 99 % of the requests take at most, without event streams. Points are single requests: they lead to their traces.", "s", "TandemRestLatencyBurn"},
		traced("50 %", quantile("0.5", `http_server_request_duration_seconds_bucket{namespace=~"$namespace", http_route!="/v1/events:stream"}`)),
		traced("95 %", quantile("0.95", `http_server_request_duration_seconds_bucket{namespace=~"$namespace", http_route!="/v1/events:stream"}`)),
		traced("99 %", quantile("0.99", `http_server_request_duration_seconds_bucket{namespace=~"$namespace", http_route!="/v1/events:stream"}`)))
	b.table(text{"Routes with errors", "Routes that answered with an error of the server within the chosen time, the most first.", "short", "TandemRestAvailabilityBurn"},
		`topk(15, sum by (http_request_method, http_route, http_response_status_code) (increase(http_server_request_duration_seconds_count{namespace=~"$namespace", http_response_status_code=~"5.."}[$__range])) > 0)`)
	b.table(text{"Slowest routes", "What 95 % of the requests of a route stayed below within the chosen time, the slowest first.", "s", "TandemRestLatencyBurn"},
		`topk(15, histogram_quantile(0.95, sum by (le, http_request_method, http_route) (increase(http_server_request_duration_seconds_bucket{namespace=~"$namespace", http_route!="/v1/events:stream"}[$__range]))))`)
	b.lines(text{"In flight", "Requests that the gateway is answering; event streams of programs that follow are among them.", "short", ""},
		q("{{instance}}", `tandem_http_in_flight{namespace=~"$namespace"}`))
	b.lines(text{"Refused for a limit", "Requests a second that were answered with 429, by the limit.", "reqps", "TandemRateLimited"},
		q("{{kind}}", `sum by (kind) (rate(tandem_rate_limited_total{namespace=~"$namespace"}[$__rate_interval]))`))
	processes(b)
	return b.tracesAndLogs(failed, `{job=~"tandem.+"} | json | level=~"WARN|ERROR"`)
}

func objectives(b *builder) {
	b.section("Objectives of 30 days")
	for _, slo := range []struct{ slo, title, what, alert string }{
		{"rest-availability", "API answers", "99.9 % of the calls do not end with an error of the server", "TandemRestAvailabilityBurn"},
		{"rest-latency", "API is quick", "99 % of the calls take at most half a second", "TandemRestLatencyBurn"},
		{"survey-submission", "Answers are taken", "99.95 % of the surveys that families hand in are taken", "TandemSurveySubmissionBurn"},
		{"event-freshness", "Events are fresh", "99.9 % of the time no event waits", "TandemEventFreshnessBurn"},
		{"public-verification", "Badges can be checked", "99.9 % of the requests by which a badge is checked are answered", "TandemPublicVerificationBurn"},
		{"status-publication", "Revocations are told", "99 % of the changes stand in a signed list within a minute", "TandemStatusPublicationBurn"},
	} {
		b.number(text{slo.title, "What is left of the error budget: " + slo.what + ". Below 0 the objective is missed.", "percentunit", slo.alert},
			q("{{namespace}}", `tandem:slo_budget_left:ratio30d{namespace=~"$namespace", slo="`+slo.slo+`"}`),
			Step{Color: "red"}, at(0.1, "orange"), at(0.5, "green"))
	}
	b.number(text{"Alerts", "Alerts that are firing.", "short", ""},
		q("", `count(ALERTS{alertname=~"Tandem.+", alertstate="firing", namespace=~"$namespace"}) or vector(0)`), at(1, "red"))
	b.number(text{"Read-only", "1 while changes are refused.", "short", "TandemReadOnly"},
		q("", `max(tandem_read_only{namespace=~"$namespace"})`), at(1, "orange"))
	b.lines(text{"How fast budgets burn", "1 uses up the budget in exactly 30 days. Mean of an hour; 14.4 wakes somebody up.", "short", ""},
		q("{{slo}} {{namespace}}", `tandem:slo_burn:rate1h{namespace=~"$namespace"}`))
	b.table(text{"Firing alerts", "What is wrong now, by Prometheus' rules.", "short", ""},
		`ALERTS{alertname=~"Tandem.+", alertstate="firing", namespace=~"$namespace"}`, "Value", "__name__", "alertstate")
}

func processes(b *builder) {
	b.section("Processes")
	b.lines(text{"Ready processes", "How many of each part are ready for requests.", "short", "TandemNotReady"},
		q("{{job}}", `sum by (job) (tandem_ready{namespace=~"$namespace"})`))
	b.table(text{"Failing checks", "Checks of readiness that fail now: what a process does not reach.", "short", "TandemDependencyDown"},
		`tandem_check_ok{namespace=~"$namespace"} == 0`, "Value", "__name__")
	b.table(text{"Versions", "Which version how many processes of each part run. More than one during an upgrade is as it should be.", "short", "TandemVersionSkew"},
		`count by (job, version) (tandem_build_info{namespace=~"$namespace"})`)
	b.table(text{"Targets that do not answer", "Processes whose metrics Prometheus does not reach.", "short", "TandemScrapeDown"},
		`up{job=~"tandem-.+", namespace=~"$namespace"} == 0`, "Value", "__name__")
}

// quantile is the share of a histogram's observations, over the step of a picture.
func quantile(share, buckets string, by ...string) string {
	group := "le"
	for _, label := range by {
		group += ", " + label
	}
	return `histogram_quantile(` + share + `, sum by (` + group + `) (rate(` + buckets + `[$__rate_interval])))`
}
