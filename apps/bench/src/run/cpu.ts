/** CPU time from Linux's /proc: what the measurement's own processes used, and the servers, and everyone else. */
import { readdirSync, readFileSync } from 'node:fs';

/** A clock tick of /proc is 10 ms on every Linux that Node runs on (USER_HZ, proc(5)). */
const tickMs = 10;

/** Milliseconds of CPU by name; `machine` is all of it. Empty where there is no /proc. */
export type CpuReading = Record<string, number>;

/** Reads the CPU used so far by the given processes, by local database and broker servers, and by the whole machine. */
export function readCpu(processes: readonly { name: string; pid: number }[]): CpuReading {
  try {
    const reading: CpuReading = { machine: machineMs() };
    for (const { name, pid } of processes) reading[name] = processMs(pid);
    for (const pid of readdirSync('/proc')) {
      if (!/^\d+$/.test(pid)) continue;
      const server = serverOf(pid);
      if (server) reading[server] = (reading[server] ?? 0) + processMs(Number(pid), server === 'PostgreSQL');
    }
    return reading;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

/** What was used between two readings, with `others` for what is neither ours nor the servers'. */
export function cpuBetween(before: CpuReading, after: CpuReading): CpuReading {
  const { machine = 0, ...used } = Object.fromEntries(
    Object.entries(after).map(([name, ms]) => [name, Math.max(0, ms - (before[name] ?? 0))]),
  );
  const known = Object.values(used).reduce((sum, ms) => sum + ms, 0);
  // This process itself is neither: it only waits and counts.
  return after.machine === undefined ? {} : { ...used, others: Math.max(0, machine - known) };
}

function machineMs(): number {
  const [user, nice, system, , , irq, softirq] = readFileSync('/proc/stat', 'utf8')
    .split('\n', 1)[0]!
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user! + nice! + system! + irq! + softirq!) * tickMs;
}

function serverOf(pid: string): string | undefined {
  try {
    const command = readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
    return command === 'beam.smp' ? 'RabbitMQ' : command === 'postgres' ? 'PostgreSQL' : undefined;
  } catch {
    return undefined; // It ended meanwhile.
  }
}

/** Fields 14 to 17 of /proc/<pid>/stat; the command (field 2) is in brackets and may contain anything. */
function processMs(pid: number, withEndedChildren = false): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [user, system, childUser, childSystem] = fields.slice(11, 15) as [number, number, number, number];
    return (user + system + (withEndedChildren ? childUser + childSystem : 0)) * tickMs;
  } catch {
    return 0;
  }
}
