-- wrk script: POST /api/v1/event/, one of three types by turns.
-- wrk ... -s tell_event.lua URL -- TOKENS, a file of tokens.

local threads = 0
local bodies = {'{"event_type": "login"}', '{"event_type": "complete_level", "details": {"level": 3}}', '{"event_type": "find_secret"}'}

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(args)
  tokens = {}
  local line_number = 0
  for line in io.lines(args[1]) do
    if line_number % 2 == number then
      tokens[#tokens + 1] = line
    end
    line_number = line_number + 1
  end
  position = 0
end

function request()
  position = position + 1
  return wrk.format("POST", "/api/v1/event/", {
    ["Authorization"] = "Bearer " .. tokens[position % #tokens + 1],
    ["Content-Type"] = "application/json",
  }, bodies[position % 3 + 1])
end

function done(summary, latency, requests)
  io.write(string.format(
    'RESULT {"requests": %d, "seconds": %.6f, "p50_ms": %.3f, "p95_ms": %.3f, "p99_ms": %.3f, "errors": %d}\n',
    summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(95) / 1e3, latency:percentile(99) / 1e3,
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
