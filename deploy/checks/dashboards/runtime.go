package dashboards

// runtime shows each process as the operating system and Go see it.
func runtime() *builder {
	b := start("runtime", "Processes", "Processor, memory, files and garbage collection of each process.")
	b.variable(chosen("job", "Part", `label_values(tandem_build_info{namespace=~"$namespace"}, job)`))
	const own = `{namespace=~"$namespace", job=~"$job"}`
	const name = "{{job}} {{instance}}"
	b.section("Processor and memory")
	b.lines(text{"Processor", "Cores used.", "short", ""}, q(name, `rate(process_cpu_seconds_total`+own+`[$__rate_interval])`))
	b.lines(text{"Resident memory", "What the process holds.", "bytes", "TandemMemoryNearLimit"}, q(name, `process_resident_memory_bytes`+own))
	b.lines(text{"Share of the limit", "Resident memory by GOMEMLIMIT, where one is set.", "percentunit", "TandemMemoryNearLimit"},
		q(name, `process_resident_memory_bytes`+own+` / (go_gc_gomemlimit_bytes`+own+` < 1e15)`))
	b.lines(text{"Heap", "Objects in use, and when the next collection begins.", "bytes", "TandemMemoryNearLimit"},
		q(name+" in use", `go_memstats_heap_inuse_bytes`+own), q(name+" next collection", `go_memstats_next_gc_bytes`+own))
	b.section("Go")
	b.lines(text{"Goroutines", "They grow without end when something leaks.", "short", ""}, q(name, `go_goroutines`+own))
	b.lines(text{"Longest pause of a collection", "How long the world stood still at most.", "s", ""}, q(name, `go_gc_duration_seconds{namespace=~"$namespace", job=~"$job", quantile="1"}`))
	b.lines(text{"Collections", "Collections a second.", "ops", "TandemMemoryNearLimit"}, q(name, `rate(go_gc_duration_seconds_count`+own+`[$__rate_interval])`))
	b.lines(text{"Allocated", "Bytes a second.", "Bps", ""}, q(name, `rate(go_memstats_alloc_bytes_total`+own+`[$__rate_interval])`))
	b.section("Operating system")
	b.lines(text{"Open files", "Files and connections, as a share of what the process may open.", "percentunit", ""},
		q(name, `process_open_fds`+own+` / process_max_fds`+own))
	b.lines(text{"Network", "Bytes a second received and sent.", "Bps", ""},
		q(name+" received", `rate(process_network_receive_bytes_total`+own+`[$__rate_interval])`),
		q(name+" sent", `rate(process_network_transmit_bytes_total`+own+`[$__rate_interval])`))
	b.lines(text{"Age", "How long each process has run.", "s", "TandemPodRestarts"}, q(name, `time() - process_start_time_seconds`+own))
	b.lines(text{"Threads", "Threads of the operating system, and how many may run Go code at a time.", "short", ""},
		q(name, `go_threads`+own), q(name+" running Go", `go_sched_gomaxprocs_threads`+own))
	return b
}
