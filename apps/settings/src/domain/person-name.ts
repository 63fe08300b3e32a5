import { AppError, isUuid } from '@nexus/core';

const LONGEST_NAME = 100;

/** A name that a person can have, without blanks around it. Throws AppError `invalid_person` (400). */
export function checkedPersonName(wish: string): string {
  const name = wish.trim();
  if (name === '' || name.length > LONGEST_NAME) throw invalid(`A name has 1 to ${LONGEST_NAME} characters.`);
  if (/\p{Cc}/u.test(name)) throw invalid('A name must not hold control characters.');
  if (isUuid(name.toLowerCase())) throw invalid('A name must not look like an id, for people are named by either.');
  return name;
}

function invalid(message: string): AppError {
  return new AppError('invalid_person', message, { status: 400, param: 'name' });
}
