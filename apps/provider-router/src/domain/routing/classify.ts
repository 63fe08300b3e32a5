import type { RequestTraits } from './request-traits.js';
import { tiers, type Tier } from './tier.js';

/** How hard a request is, by whom, and why. */
export interface Classification {
  readonly tier: Tier;
  /** 0 to 1. */
  readonly confidence: number;
  /** In words. */
  readonly reason: string;
  /** `default` when a classifier was asked and failed. */
  readonly classifier: 'rules' | 'model' | 'default';
}

interface Rule {
  readonly tier: Tier;
  readonly confidence: number;
  readonly says: string;
  readonly fits: (traits: RequestTraits, question: string) => boolean;
  /** An easy question outweighs it. */
  readonly isWeak?: boolean;
}

/** Characters of the question that are looked at: its beginning and its end say what is wanted. */
const HEAD = 4_000;
const TAIL = 1_000;

const CODE = /```|^\s*(?:import|from|def|class|function|const|let|var|public|private|#include|SELECT|CREATE TABLE)\s|=>|\)\s*\{|;\s*$|\b(?:TypeError|NullPointerException|Traceback|segfault|stack trace)\b/m;
const CODE_WORK = /\b(?:refactor|debug|implement|unit tests?|code review|fix (?:this|the|my) (?:bug|code|test|build)|write (?:a|an|the|some) (?:function|class|script|program|query|parser|test)|regex|compile|algorithm)\b/i;
const HARD = /\b(?:prove|proof|derive|theorem|step[- ]by[- ]step|think (?:hard|carefully|deeply)|trade-?offs?|architecture|in depth|root cause|strateg(?:y|ies)|critique|compare and contrast|design (?:a|an|the)|optimi[sz]e|plan for|legal|diagnos(?:e|is))\b/i;
const EASY = /^\s*(?:hi|hello|hey|thanks|thank you|ok|okay|yes|no|good (?:morning|evening|night)|what(?:'s| is)|who (?:is|was)|when (?:is|was|did)|where is|how (?:many|much|old|far)|define|spell)\b|\b(?:translate|summari[sz]e|classify|extract|rephrase|proofread|correct the (?:spelling|grammar)|give me a title|list (?:the|all|three|five|ten))\b/i;

const SHORT = 120;
const MIDDLE = 8_000;
const LONG = 40_000;
const VERY_LONG = 200_000;
const MANY_TOOLS = 8;
const SURELY_EASY = 0.8;
/** Agents have tools at hand also when they are greeted. */
const WITH_WEAK_NEEDS = 0.65;

/** What asks for more than the cheapest: the highest tier that one of them names is taken, with the confidence of the surest rule for it. */
const NEEDS: readonly Rule[] = [
  { tier: 'best', confidence: 0.95, says: 'much reasoning was asked for', fits: ({ reasoning }) => reasoning === 'high' },
  { tier: 'balanced', confidence: 0.8, says: 'reasoning was asked for', fits: ({ reasoning }) => reasoning === 'some' || reasoning === 'low' },
  { tier: 'best', confidence: 0.7, says: 'the input is very long', fits: ({ characters }) => characters > VERY_LONG },
  { tier: 'balanced', confidence: 0.8, says: 'the input is long', fits: ({ characters }) => characters > LONG },
  { tier: 'best', confidence: 0.75, says: 'work on code that is there', fits: ({ characters }, question) => CODE_WORK.test(question) && CODE.test(question) && characters > MIDDLE },
  { tier: 'balanced', confidence: 0.8, says: 'code', fits: (_traits, question) => CODE_WORK.test(question) || CODE.test(question) },
  { tier: 'best', confidence: 0.7, says: 'a hard question, by its words, at length', fits: ({ question: { length } }, question) => HARD.test(question) && length > 400 },
  { tier: 'balanced', confidence: 0.65, says: 'a hard question, by its words', fits: (_traits, question) => HARD.test(question) },
  { tier: 'balanced', confidence: 0.8, says: 'many tools', fits: ({ toolCount }) => toolCount > MANY_TOOLS },
  { tier: 'balanced', confidence: 0.65, says: 'tools', fits: ({ hasTools }) => hasTools, isWeak: true },
  { tier: 'balanced', confidence: 0.75, says: 'pictures, files or audio', fits: ({ hasImages, hasFiles, hasAudio }) => hasImages || hasFiles || hasAudio },
];

/** Looked at only when nothing asks for more. */
const EASE: readonly Rule[] = [
  { tier: 'fast', confidence: 0.85, says: 'a short question', fits: ({ characters }, question) => question.length <= SHORT && characters <= MIDDLE && EASY.test(question) },
  { tier: 'fast', confidence: 0.8, says: 'a simple task on a text', fits: ({ characters }, question) => EASY.test(question) && characters <= MIDDLE },
  { tier: 'fast', confidence: 0.7, says: 'an answer in a given form', fits: ({ hasSchema, characters }) => hasSchema && characters <= MIDDLE },
  { tier: 'fast', confidence: 0.7, says: 'a short question', fits: ({ characters }, question) => question.length <= SHORT && characters <= MIDDLE },
];

/** What the rules say; where none fits, the given tier with a confidence of one half at most. Words are looked for in English only. */
export function classify(traits: RequestTraits, defaultTier: Tier): Classification {
  const { question: whole } = traits;
  const question = whole.length > HEAD + TAIL ? `${whole.slice(0, HEAD)}\n${whole.slice(-TAIL)}` : whole;
  const needs = NEEDS.filter((rule) => rule.fits(traits, question));
  const ease = EASE.find(({ fits }) => fits(traits, question));
  if (ease && ease.confidence >= SURELY_EASY && needs.length > 0 && needs.every(({ isWeak }) => isWeak)) {
    return { tier: ease.tier, confidence: WITH_WEAK_NEEDS, reason: `${ease.says}, though there are ${needs[0]?.says ?? ''}`, classifier: 'rules' };
  }
  const highest = tiers.findLast((tier) => needs.some((rule) => rule.tier === tier));
  const surest = needs.filter(({ tier }) => tier === highest).toSorted((a, b) => b.confidence - a.confidence)[0];
  const rule = surest ?? ease;
  if (rule === undefined) return { tier: defaultTier, confidence: 0.5, reason: 'no rule fits', classifier: 'rules' };
  return { tier: rule.tier, confidence: rule.confidence, reason: rule.says, classifier: 'rules' };
}
