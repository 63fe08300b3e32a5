import type { Message } from 'grammy/types';

/** A file that lies with Telegram. */
export interface FileReference {
  readonly fileId: string;
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: number;
}

interface TelegramFile {
  readonly file_id: string;
  readonly file_size?: number;
  readonly file_name?: string;
  readonly mime_type?: string;
}

/** The files of a message: of a photo the largest size, of a film what plays. */
export function filesOf(message: Message): FileReference[] {
  const { message_id: id, photo, document, animation, audio, voice, video, video_note: note, sticker } = message;
  const largest = photo?.toSorted((a, b) => b.width * b.height - a.width * a.height)[0];
  return [
    ...reference(largest, `photo-${id}.jpg`, 'image/jpeg'),
    // An animation comes as a document too.
    ...reference(animation ?? document, `file-${id}`, ''),
    ...reference(audio, `audio-${id}`, 'audio/mpeg'),
    ...reference(voice, `voice-${id}.ogg`, 'audio/ogg'),
    ...reference(video, `video-${id}.mp4`, 'video/mp4'),
    ...reference(note, `video-${id}.mp4`, 'video/mp4'),
    ...(sticker === undefined || sticker.is_animated || sticker.is_video ? [] : reference(sticker, `sticker-${id}.webp`, 'image/webp')),
  ];
}

function reference(file: TelegramFile | undefined, name: string, mediaType: string): FileReference[] {
  if (file === undefined) return [];
  return [{ fileId: file.file_id, name: file.file_name ?? name, mediaType: file.mime_type ?? mediaType, bytes: file.file_size ?? 0 }];
}
