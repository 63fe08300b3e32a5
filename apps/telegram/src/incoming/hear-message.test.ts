import type { Update } from 'grammy/types';
import { describe, expect, it } from 'vitest';
import { hearMessage, type GroupAttention } from './hear-message.js';

const me = { id: 99, username: 'nexus_test_bot' };
const ann = { id: 11, is_bot: false, first_name: 'Ann', last_name: 'Lee', language_code: 'de' };
const privateChat = { id: 11, type: 'private', first_name: 'Ann' };
const group = { id: -1001, type: 'supergroup', title: 'Team', is_forum: true };

const update = (message: object, kind: 'message' | 'edited_message' = 'message'): Update => ({ update_id: 500, [kind]: { message_id: 42, date: 1, from: ann, chat: privateChat, ...message } });
const hear = (message: object, attention: GroupAttention = 'addressed') => hearMessage(update(message), me, attention);
const inGroup = (text: string, more: object = {}) => {
  const entities = [...text.matchAll(/@\w+/g)].map(({ index, 0: word }) => ({ type: 'mention', offset: index, length: word.length }));
  return { chat: group, text, entities, ...more };
};

describe('what a person says', () => {
  it('is heard with who, where and in which language', () => {
    expect(hear({ text: 'hello' })).toEqual({
      id: '42', place: { chatId: '11', topicId: '' }, isGroup: false, sender: { id: '11', name: 'Ann Lee' }, text: 'hello', files: [], locale: 'de',
    });
  });

  it('is in a topic when the message is of one; General is none', () => {
    expect(hear(inGroup('@nexus_test_bot hi', { message_thread_id: 7, is_topic_message: true }))?.place).toEqual({ chatId: '-1001', topicId: '7' });
    expect(hear(inGroup('@nexus_test_bot hi'))?.place.topicId).toBe('');
    expect(hear(inGroup('@nexus_test_bot hi', { message_thread_id: 7 }))?.place.topicId).toBe('');
  });

  it.each([
    ['@nexus_test_bot, what is it?', 'what is it?'],
    ['hey @Nexus_Test_Bot what is it?', 'hey what is it?'],
    ['what is it @nexus_test_bot', 'what is it'],
  ])('is for the bot in a group when it names it: %s', (text, heard) => {
    expect(hear(inGroup(text))?.text).toBe(heard);
  });

  it('is not for the bot in a group otherwise, unless it wants all', () => {
    expect(hear(inGroup('what is it?'))).toBeUndefined();
    expect(hear(inGroup('@somebody what is it?'))).toBeUndefined();
    expect(hear(inGroup('what is it?'), 'all')?.text).toBe('what is it?');
  });

  it('is for the bot when it answers it, but not because a topic was opened by it', () => {
    const bot = { id: 99, is_bot: true, first_name: 'Nexus' };
    expect(hear(inGroup('and now?', { reply_to_message: { message_id: 40, date: 1, chat: group, from: bot, text: 'so' } }))).toMatchObject({ text: 'and now?', replyToMessageId: '40' });
    const announcement = { message_id: 7, date: 1, chat: group, from: bot, forum_topic_created: { name: 't', icon_color: 1 } };
    expect(hear(inGroup('hello', { message_thread_id: 7, is_topic_message: true, reply_to_message: announcement }))).toBeUndefined();
    expect(hear(inGroup('@nexus_test_bot hello', { message_thread_id: 7, is_topic_message: true, reply_to_message: announcement }))?.replyToMessageId).toBeUndefined();
  });

  it('quotes what somebody else said in the group', () => {
    const replied = { message_id: 40, date: 1, chat: group, from: { id: 12, is_bot: false, first_name: 'Ben' }, text: 'It broke\nat noon' };
    expect(hear(inGroup('@nexus_test_bot why?', { reply_to_message: replied }))?.text).toBe('> Ben:\n> It broke\n> at noon\n\nwhy?');
  });

  it.each([
    ['/model@nexus_test_bot best', '/model best'],
    ['/stop', '/stop'],
    ['/model@other_bot best', undefined],
    ['/weather', undefined],
  ])('is a command for this bot or not: %s', (text, heard) => {
    const [word = ''] = text.split(' ');
    expect(hear({ chat: group, text, entities: [{ type: 'bot_command', offset: 0, length: word.length }] })?.text).toBe(heard);
  });

  it('is heard again when it was changed, under an id of its own', () => {
    expect(hearMessage(update({ text: 'better', edit_date: 9 }, 'edited_message'), me, 'addressed')).toMatchObject({ id: '42.500', editsMessageId: '42', text: 'better' });
  });

  it('has files, a photo the largest of its sizes', () => {
    const photo = [{ file_id: 's', file_unique_id: 's', width: 90, height: 90 }, { file_id: 'l', file_unique_id: 'l', width: 900, height: 900, file_size: 1234 }];
    expect(hear({ photo, caption: 'look' })).toMatchObject({ text: 'look', files: [{ fileId: 'l', name: 'photo-42.jpg', mediaType: 'image/jpeg', bytes: 1234 }] });
    const animation = { file_id: 'a', file_unique_id: 'a', file_name: 'cat.mp4', mime_type: 'video/mp4', width: 1, height: 1, duration: 1 };
    expect(hear({ animation, document: animation })?.files.map(({ name }) => name)).toEqual(['cat.mp4']);
  });

  it('is told in words when it is a place or a contact', () => {
    expect(hear({ location: { latitude: 48.1, longitude: 11.5 } })?.text).toBe('Location: 48.1, 11.5');
    expect(hear({ contact: { first_name: 'Ben', phone_number: '+49123' } })?.text).toBe('Contact: Ben, +49123');
  });

  it.each([
    ['a bot', { text: 'x', from: { id: 5, is_bot: true, first_name: 'Bot' } }],
    ['the linked channel', { text: 'x', is_automatic_forward: true, sender_chat: { id: -7, type: 'channel', title: 'News' } }],
    ['nobody: somebody joined', { new_chat_members: [ann] }],
  ])('is not heard from %s', (_who, message) => {
    expect(hear({ chat: group, ...message }, 'all')).toBeUndefined();
  });

  it('is heard of an anonymous administrator as the group', () => {
    const from = { id: 1_087_968_824, is_bot: true, first_name: 'Group', username: 'GroupAnonymousBot' };
    expect(hear(inGroup('hello', { from, sender_chat: group }), 'all')?.sender).toEqual({ id: '-1001', name: 'Team' });
  });
});
