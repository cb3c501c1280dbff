// The settings of a run. settings.py reads them from the environment, checks them and writes them as JSON.

if (!__ENV.SETTINGS_FILE) {
  throw new Error(
    'SETTINGS_FILE is missing: use loadtest/cache-rate, or write the settings first: ' +
      'python3 loadtest/settings.py >settings.json && SETTINGS_FILE=$PWD/settings.json k6 run loadtest/cache-rate.js',
  );
}

export const settings = JSON.parse(open(__ENV.SETTINGS_FILE));

// How requests arrive: CALLS of them, or users who wait for responses (closed), or a rate that ignores them (open).
export function scenario() {
  const gracefulStop = `${settings.timeoutSeconds + 5}s`;
  if (settings.calls > 0) {
    const vus = Math.min(settings.users, settings.calls);
    return { executor: 'shared-iterations', vus, iterations: settings.calls, maxDuration: '24h', gracefulStop };
  }
  const [ramp, hold, down] = [settings.rampSeconds, settings.holdSeconds, settings.downSeconds].map((s) => `${s}s`);
  if (settings.model === 'closed') {
    const stages = [
      { duration: ramp, target: settings.users },
      { duration: hold, target: settings.users },
      { duration: down, target: 0 },
    ];
    const startVUs = settings.rampSeconds > 0 ? 1 : settings.users;
    return { executor: 'ramping-vus', startVUs, stages, gracefulRampDown: gracefulStop, gracefulStop };
  }
  const users = { timeUnit: '1s', preAllocatedVUs: settings.users, maxVUs: settings.users, gracefulStop };
  if (settings.rampSeconds === 0) {
    return { executor: 'constant-arrival-rate', rate: settings.rate, duration: hold, ...users };
  }
  const stages = [
    { duration: ramp, target: settings.rate },
    { duration: hold, target: settings.rate },
  ];
  return { executor: 'ramping-arrival-rate', startRate: 0, stages, ...users };
}
