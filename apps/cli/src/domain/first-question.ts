/** What `nexus up` asks itself, and what it shows to copy: takes two tools, which the demo model calls in one step. */
export const FIRST_QUESTION = 'What is 17.5% of 1,280, and what time is it in Tokyo?';
