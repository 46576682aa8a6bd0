package dashboards

// services shows each RPC of each service: rate, errors and duration, and how full the service is.
func services() *builder {
	b := start("services", "Services", "Rate, errors and duration of every call between the parts, and how many are under way.")
	b.variable(Variable{Name: "service", Label: "Service", Type: "custom", Query: "schools,assessments,evidence,badges", IncludeAll: true, AllValue: ".+", Multi: true, Current: &Choice{Text: "All", Value: "$__all"}})
	const own = `namespace=~"$namespace", rpc_method=~"tandem[.]($service)[.].+"`
	const failures = own + `, rpc_response_status_code=~"INTERNAL|UNKNOWN|UNAVAILABLE|DEADLINE_EXCEEDED|DATA_LOSS|UNIMPLEMENTED"`
	b.section("All calls of the chosen services")
	b.lines(text{"Calls by result", "Calls a second by gRPC status. NOT_FOUND, PERMISSION_DENIED and FAILED_PRECONDITION are refusals and no faults.", "reqps", ""},
		q("{{rpc_response_status_code}}", `sum by (rpc_response_status_code) (rate(rpc_server_call_duration_seconds_count{`+own+`}[$__rate_interval]))`))
	b.lines(text{"Share of failed calls", "Calls that failed by a fault of ours.", "percentunit", "TandemRestAvailabilityBurn"},
		q("failed", `(sum(rate(rpc_server_call_duration_seconds_count{`+failures+`}[$__rate_interval])) or vector(0)) / sum(rate(rpc_server_call_duration_seconds_count{`+own+`}[$__rate_interval]))`))
	b.lines(text{"Duration", "How long half, 95 % and 99 % of the calls take at most. Points lead to traces.", "s", "TandemRestLatencyBurn"},
		traced("50 %", quantile("0.5", `rpc_server_call_duration_seconds_bucket{`+own+`}`)),
		traced("95 %", quantile("0.95", `rpc_server_call_duration_seconds_bucket{`+own+`}`)),
		traced("99 %", quantile("0.99", `rpc_server_call_duration_seconds_bucket{`+own+`}`)))
	b.lines(text{"In flight", "Calls that a service is answering. It grows when something below it is slow.", "short", "TandemDatabasePoolExhausted"},
		q("{{service}}", `sum by (service) (tandem_rpc_in_flight{namespace=~"$namespace", service=~"$service"})`))
	b.section("By method")
	b.lines(text{"Most called", "The ten methods with the most calls a second.", "reqps", ""},
		q("{{rpc_method}}", `topk(10, sum by (rpc_method) (rate(rpc_server_call_duration_seconds_count{`+own+`}[$__rate_interval])))`))
	b.lines(text{"Slowest", "The ten methods whose 95 % take longest.", "s", "TandemRestLatencyBurn"},
		traced("{{rpc_method}}", `topk(10, `+quantile("0.95", `rpc_server_call_duration_seconds_bucket{`+own+`}`, "rpc_method")+`)`))
	b.table(text{"Failed by method", "Calls that failed by a fault of ours within the chosen time.", "short", "TandemRestAvailabilityBurn"},
		`topk(20, sum by (rpc_method, rpc_response_status_code) (increase(rpc_server_call_duration_seconds_count{`+failures+`}[$__range])) > 0)`)
	b.table(text{"Refused by method", "Calls that were refused within the chosen time, by the reason's code.", "short", ""},
		`topk(20, sum by (rpc_method, rpc_response_status_code) (increase(rpc_server_call_duration_seconds_count{`+own+`, rpc_response_status_code=~"INVALID_ARGUMENT|NOT_FOUND|ALREADY_EXISTS|PERMISSION_DENIED|UNAUTHENTICATED|FAILED_PRECONDITION|ABORTED|RESOURCE_EXHAUSTED"}[$__range])) > 0)`)
	b.section("Calls from one part to another")
	b.lines(text{"What callers wait", "95 % of the calls as the caller sees them, by who calls: the way there and back, and retries, are in it.", "s", ""},
		traced("{{job}}", quantile("0.95", `rpc_client_call_duration_seconds_bucket{`+own+`}`, "job")))
	b.lines(text{"Calls that fail at the caller", "Calls a second that did not come through or failed, by who calls.", "reqps", "TandemDependencyDown"},
		q("{{job}} {{rpc_response_status_code}}", `sum by (job, rpc_response_status_code) (rate(rpc_client_call_duration_seconds_count{`+failures+`}[$__rate_interval]))`))
	return b.tracesAndLogs(failed, `{job=~"tandem.+"} | json | level=~"WARN|ERROR"`)
}
