/** What is wrong with the Dockerfile: read by a parser that knows Docker's grammar, then held against the workspace. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DockerfileParser } from 'dockerfile-ast';
import { validate } from 'dockerfile-utils';

const isPinned = (image) => /:[^:@/]*\d+\.\d+[^:@/]*$/.test(image);

/** The stages in order: their names, what they come from, their instructions. */
function stagesOf(file) {
  const stages = [];
  for (const instruction of file.getInstructions()) {
    if (instruction.getKeyword() === 'FROM') stages.push({ name: instruction.getBuildStage() ?? '', from: instruction.getImage(), instructions: [] });
    else stages.at(-1)?.instructions.push(instruction);
  }
  return stages;
}

/** What a stage runs, its own instructions and those it comes from. */
const inherited = (stage, stages) => {
  const parent = stages.find(({ name }) => name === stage.from);
  return [...(parent === undefined ? [] : inherited(parent, stages)), ...stage.instructions];
};

export function dockerfileProblems(root, entries) {
  const text = readFileSync(join(root, 'Dockerfile'), 'utf8');
  const problems = validate(text).map(({ message, range }) => `Dockerfile:${range.start.line + 1}: ${message}`);
  const file = DockerfileParser.parse(text);
  const stages = stagesOf(file);
  const defaults = new Map(file.getInitialARGs().map((arg) => [arg.getProperty()?.getName(), arg.getProperty()?.getValue()]));
  const known = new Set(stages.map(({ name }) => name));
  for (const { from } of stages) {
    const image = from.replaceAll(/\$\{(\w+)\}/g, (_all, name) => defaults.get(name) ?? '');
    if (!known.has(image) && !isPinned(image)) problems.push(`Dockerfile: the image ${image} has no version`);
  }
  for (const target of ['gpu', '']) {
    const stage = stages.findLast(({ name }) => name === target);
    const last = (keyword) => inherited(stage, stages).findLast((instruction) => instruction.getKeyword() === keyword);
    const name = target === '' ? 'the image' : `the target ${target}`;
    if (!/^[1-9]\d*(:[1-9]\d*)?$/.test(last('USER')?.getArgumentsContent() ?? '')) problems.push(`Dockerfile: ${name} runs as root, or as a user who has no number`);
    const [program] = JSON.parse(last('CMD')?.getArgumentsContent() ?? '[]');
    if (!entries.has(program)) problems.push(`Dockerfile: ${name} runs ${program}, which is not there`);
    for (const label of ['title', 'licenses', 'version', 'revision', 'base.name']) {
      if (!last('LABEL')?.getArgumentsContent()?.includes(`org.opencontainers.image.${label}=`)) problems.push(`Dockerfile: ${name} has no label org.opencontainers.image.${label}`);
    }
  }
  for (const [, path] of text.matchAll(/\bsh (deploy\/image\/[\w.-]+)/g)) if (!existsSync(join(root, path))) problems.push(`Dockerfile: runs ${path}, which is not there`);
  return problems;
}
