import { z } from 'zod';

const text = z.string('must be a string').max(1_048_576, 'must have at most 1048576 characters').refine((said) => said.trim() !== '', 'must say what is to be done');
const name = z.string('must be a string').max(200, 'must have at most 200 characters');

/** The tiers, and what people call them after Anthropic's models. */
const FORCED_TIERS = ['fast', 'balanced', 'best', 'haiku', 'sonnet', 'opus'] as const;

/** Without a model or a tier, the task is classified. */
const CLASSIFIED = 'auto';

/** What POST /task and POST /queue take: the task, and who or which model shall do it. */
export const taskInput = z
  .strictObject({
    task: text.optional(),
    text: text.optional(),
    force_tier: z.enum(FORCED_TIERS, `must be one of ${FORCED_TIERS.join(', ')}`).optional(),
    agent: name.default(''),
    model: name.optional(),
    user: name.optional(),
  })
  .refine((body) => (body.task === undefined) !== (body.text === undefined), { message: "Send either 'task' or 'text'.", path: ['task'] })
  .refine((body) => body.model === undefined || body.force_tier === undefined, { message: "cannot stand beside 'model'", path: ['force_tier'] })
  .transform(({ task, text: said, force_tier, agent, model, user }) => ({ text: task ?? said ?? '', agent, user, model: model ?? force_tier ?? CLASSIFIED }));
