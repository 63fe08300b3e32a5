import { create } from '@bufbuild/protobuf';
import { ProgressPartSchema, type ProgressPart } from '@nexus/contracts';
import { expect, it } from 'vitest';
import { RunPartOrder } from './run-part-order.js';

const text = (seq: number, step = 1, epoch = 1): ProgressPart => create(ProgressPartSchema, { seq: BigInt(seq), step, epoch: BigInt(epoch), part: { case: 'textDelta', value: `${seq}` } });
const tool = (seq: number, epoch = 1): ProgressPart => create(ProgressPartSchema, { seq: BigInt(seq), step: 1, epoch: BigInt(epoch), part: { case: 'toolStarted', value: {} } });
const places = (order: RunPartOrder, ...parts: ProgressPart[]) => parts.map((part) => order.place(part));

it('lets every part through once, though it be published again', () => {
  expect(places(new RunPartOrder(), tool(1), text(0), text(1), text(0), text(1), tool(1), tool(2), text(0, 2))).toEqual(['next', 'next', 'next', 'skipped', 'skipped', 'skipped', 'next', 'next']);
});

it('has the reader reset when text was lost, and holds the rest of that step back', () => {
  expect(places(new RunPartOrder(), text(0), text(2), text(3), text(1), text(0, 2), text(1, 2))).toEqual(['next', 'incomplete', 'skipped', 'skipped', 'next', 'next']);
});

it('shows no text whose beginning nobody saw', () => {
  expect(places(new RunPartOrder(), text(4), text(5))).toEqual(['incomplete', 'skipped']);
});

it('has the reader reset when the orchestrator was not heard, and lets in what comes late', () => {
  expect(places(new RunPartOrder(), tool(1), tool(3), tool(2), tool(3))).toEqual(['next', 'after-gap', 'next', 'skipped']);
});

it('never splices two epochs: the later one begins with a reset, the earlier one is over', () => {
  expect(places(new RunPartOrder(), text(0), text(1), text(0, 1, 2), text(2), text(1, 1, 2))).toEqual(['next', 'next', 'after-gap', 'skipped', 'next']);
});

it('goes on after what was seen elsewhere', () => {
  const order = new RunPartOrder();
  order.resumeAfter(text(6));
  expect(places(order, text(6), text(7), tool(9))).toEqual(['skipped', 'next', 'next']);
});

it('has the reader reset when a later epoch began meanwhile', () => {
  const order = new RunPartOrder();
  order.resumeAfter(text(6));
  expect(places(order, text(0, 1, 2))).toEqual(['after-gap']);
});

it('knows a part of the orchestrator that was seen elsewhere', () => {
  const order = new RunPartOrder();
  order.resumeAfter(tool(3));
  expect(places(order, tool(3), tool(4), tool(6))).toEqual(['skipped', 'next', 'after-gap']);
});
