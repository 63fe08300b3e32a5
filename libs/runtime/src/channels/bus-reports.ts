import type { BusOptions } from '@nexus/channels';
import type { Logger } from '../logger.js';

/** What a bus has to tell, as warnings in the log; nobody hears it while there is no logger yet. */
export function busReports(logger: () => Pick<Logger, 'warn'> | undefined): Required<Pick<BusOptions, 'onUnreadable' | 'onGroupDropped' | 'onTakenOver'>> {
  return {
    onUnreadable: (channel, entryId, error) => logger()?.warn({ channel, entry_id: entryId, error }, 'a message that cannot be read is skipped'),
    onGroupDropped: ({ channel, group, waitedMs }) =>
      logger()?.warn({ channel, group, wait_ms: waitedMs }, 'a consumer group was dropped: nobody read for it any more, and what it had not acknowledged could not be removed'),
    onTakenOver: (channel, count) =>
      logger()?.warn({ channel, count }, 'messages under way are handled by another replica too: this process was held up for so long that they were taken over'),
  };
}
