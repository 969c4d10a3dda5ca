-- wrk script: POST /match/finish, a match of its own for every request.
-- wrk ... -s finish_match.lua URL -- JOBS, a file of lines "token matchId".

local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(args)
  jobs = {}
  local line_number = 0
  for line in io.lines(args[1]) do
    if line_number % 2 == number then
      local token, match = line:match("^(%S+) (%d+)$")
      jobs[#jobs + 1] = {token, match}
    end
    line_number = line_number + 1
  end
  position = 0
end

function request()
  position = position + 1
  local job = jobs[position] or jobs[#jobs]
  return wrk.format("POST", "/match/finish", {
    ["Authorization"] = "Bearer " .. job[1],
    ["Content-Type"] = "application/json",
  }, '{"matchId": ' .. job[2] .. ', "result": {"isWin": true, "score": 12450, "durationSeconds": 410, "waveReached": 12}}')
end

function done(summary, latency, requests)
  io.write(string.format(
    'RESULT {"requests": %d, "seconds": %.6f, "p50_ms": %.3f, "p95_ms": %.3f, "p99_ms": %.3f, "errors": %d}\n',
    summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(95) / 1e3, latency:percentile(99) / 1e3,
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
