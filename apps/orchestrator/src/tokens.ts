/** Nest token of the number of a tenant's tasks that may wait in its queue. */
export const MOST_WAITING_TASKS = Symbol('MostWaitingTasks');

/** Nest token of the bytes that all files of a tenant may have together. */
export const MOST_FILE_BYTES_OF_TENANT = Symbol('MostFileBytesOfTenant');
