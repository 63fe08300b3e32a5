import { noSecondAnswer, nothingLost, rightAnswers } from './answers.js';
import type { Oracle } from './evidence.js';
import { attemptsAreClosed, budgetsAreExact, everyCallIsBooked, oneCallPerAttempt, reportsAreExact, unknownHasCause } from './money.js';
import { ordered } from './order.js';
import { deadLettersArePoison, faultsHappened, noOwnDeaths, nothingLeft, recovered, toolsOnce } from './surroundings.js';

/** What must hold after every round. */
export const oracles: readonly Oracle[] = [
  nothingLost, noSecondAnswer, rightAnswers, ordered, oneCallPerAttempt, everyCallIsBooked, attemptsAreClosed, unknownHasCause, budgetsAreExact, reportsAreExact,
  toolsOnce, deadLettersArePoison, nothingLeft, noOwnDeaths, faultsHappened, recovered,
];
