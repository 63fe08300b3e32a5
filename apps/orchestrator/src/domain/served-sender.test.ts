import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { ChatKind, IncomingRequestSchema } from '@nexus/contracts';
import { describe, expect, it } from 'vitest';
import { servedSender, type KnownSender } from './served-sender.js';

const nobody: KnownSender = { personId: '', personName: '', ownerId: '', ownerName: '' };
const ann: KnownSender = { ...nobody, personId: '1', personName: 'Ann' };
const ofBob = (sender: KnownSender): KnownSender => ({ ...sender, ownerId: '2', ownerName: 'Bob' });
const request = (more: MessageInitShape<typeof IncomingRequestSchema> = {}) => create(IncomingRequestSchema, Object.assign({ text: 'hi', sender: { id: '77' } }, more));
const group = { chatKind: ChatKind.GROUP, chatId: '-5' };

describe('a private chat', () => {
  it('serves whoever is linked, under their name', () => {
    expect(servedSender(request(), ann)).toEqual({ user: 'Ann', isOwn: true });
  });

  it('refuses whoever is not', () => {
    expect(() => servedSender(request(), nobody)).toThrow(expect.objectContaining({ code: 'sender_unknown', status: 403, isRetryable: false }));
    expect(() => servedSender(request({ command: { name: 'new' } }), nobody)).toThrow(expect.objectContaining({ code: 'sender_unknown' }));
  });

  it('takes the commands by which somebody becomes known', () => {
    expect(servedSender(request({ command: { name: 'link', argument: 'ABC' } }), nobody)).toEqual({ user: '77', isOwn: true });
  });
});

describe('a group', () => {
  it('is refused without an owner, also to somebody who is linked', () => {
    for (const sender of [nobody, ann]) expect(() => servedSender(request(group), sender)).toThrow(expect.objectContaining({ code: 'chat_unowned', status: 403 }));
  });

  it('with an owner serves everybody: those who are linked under their own name, others under the owner’s', () => {
    expect(servedSender(request(group), ofBob(ann))).toEqual({ user: 'Ann', isOwn: true });
    expect(servedSender(request(group), ofBob(nobody))).toEqual({ user: 'Bob', isOwn: false });
  });

  it('takes a claim before it has an owner', () => {
    expect(servedSender(request({ ...group, command: { name: 'claim' } }), ann)).toEqual({ user: 'Ann', isOwn: true });
  });
});
