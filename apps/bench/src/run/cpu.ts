/** CPU time from Linux's /proc: what the measurement's own processes used, and the servers, and everyone else. */
import { readdirSync, readFileSync } from 'node:fs';

/** A clock tick of /proc is 10 ms on every Linux that Node runs on (USER_HZ, proc(5)). */
const tickMs = 10;

/** Milliseconds of CPU by name; `machine` is all of it. Empty where there is no /proc. */
export type CpuReading = Record<string, number>;

/**
 * Reads the CPU used so far by the given processes, by local database and broker servers, and by the whole machine. What a process
 * has started counts as its own.
 */
export function readCpu(processes: readonly { name: string; pid: number }[]): CpuReading {
  try {
    const reading: CpuReading = { machine: machineMs() };
    const names = new Map(processes.map(({ name, pid }) => [pid, name]));
    for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
      const process = processOf(pid);
      const name = process && (names.get(Number(pid)) ?? names.get(process.parent) ?? serverCalled(process.command));
      if (name) reading[name] = (reading[name] ?? 0) + process.ms;
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

function serverCalled(command: string): string | undefined {
  return command === 'beam.smp' ? 'RabbitMQ' : command === 'postgres' ? 'PostgreSQL' : undefined;
}

/**
 * Fields 4 and 14 to 17 of /proc/<pid>/stat; the command (field 2) is in brackets and may contain anything. The time is that of the
 * process and of those that it has started and that have ended; undefined when it has ended itself.
 */
function processOf(pid: string): { command: string; parent: number; ms: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [from, to] = [stat.indexOf('('), stat.lastIndexOf(')')];
    const fields = stat
      .slice(to + 2)
      .split(' ')
      .map(Number);
    const ms = fields.slice(11, 15).reduce((sum, ticks) => sum + ticks * tickMs, 0);
    return { command: stat.slice(from + 1, to), parent: fields[1]!, ms };
  } catch {
    return undefined;
  }
}
