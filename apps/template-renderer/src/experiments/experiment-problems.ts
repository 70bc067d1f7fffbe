import { Problem } from '@carillon/contracts';
import type { ExperimentRow } from './experiment-store.ts';

/** Its state does not allow what was asked for. */
function conflict(code: string, title: string, detail: string): Problem {
  return new Problem({ status: 409, code, title, detail });
}

export function notADraft({ status }: ExperimentRow): Problem {
  return conflict(
    'experiment_not_draft',
    'The experiment has been started already',
    `It is ${status}, and each runs once, so that its results speak of one time; make another one.`,
  );
}

export function notRunning({ status }: ExperimentRow): Problem {
  return conflict('experiment_not_running', 'The experiment is not running', `It is ${status}.`);
}

export function notStarted(): Problem {
  return conflict(
    'experiment_not_started',
    'The experiment was never started',
    'There is no winner yet; start it first, or publish the words as a version of the template.',
  );
}

export function otherWinner({ winner }: ExperimentRow): Problem {
  return conflict('experiment_promoted', 'Another variant was promoted', `The winner is "${winner}".`);
}

export function stillRunning(): Problem {
  return conflict('experiment_running', 'The experiment is running', 'Stop it or promote a variant first.');
}

/** @param other the experiment that is running */
export function templateBusy({ type, channel }: ExperimentRow, other: ExperimentRow | undefined): Problem {
  const which = other ? `"${other.name}" (${other.id})` : 'another one';
  return conflict(
    'experiment_running',
    'The template has a running experiment',
    `${which} is about ${type} by ${channel} too; stop it or promote a variant of it first.`,
  );
}

export function unknownVariant({ variants }: ExperimentRow, key: string): Problem {
  const message = `"${key}" is not a variant; there are ${variants.map((variant) => variant.key).join(', ')}`;
  return Problem.unprocessable('unknown_variant', 'There is no such variant', [{ path: 'variant', message }]);
}
