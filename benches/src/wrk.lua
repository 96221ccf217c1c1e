-- Run by wrk at the end of a load: the summary as one line of numbers. Times are in microseconds.
function done(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format("summary %d %d %d %d %d %d\n",
        summary.requests, summary.duration,
        latency:percentile(50), latency:percentile(99), latency:percentile(99.9),
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
