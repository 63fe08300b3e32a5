import { AppError } from '@nexus/core';

/** What a trace may say of an error: its code or class, never its text, which may quote a prompt. */
export function errorTypeOf(error: unknown): string {
  if (error instanceof AppError) return error.code;
  return error instanceof Error ? error.name : typeof error;
}
