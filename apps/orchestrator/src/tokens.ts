/** Nest token of the number of a tenant's tasks that may wait in its queue. */
export const MOST_WAITING_TASKS = Symbol('MostWaitingTasks');
