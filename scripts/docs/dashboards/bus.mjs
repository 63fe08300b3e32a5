import { dashboard, lines, number, rate, spread } from './panel.mjs';

const byGroup = (title, unit, gauge, description) => lines(title, unit, [[`max by (channel, group) (${gauge})`, '{{channel}} {{group}}']], description);

export const bus = dashboard('nexus-bus', 'NEXUS: bus', 'The channels: what stands in them, who is behind, and what could not be handled.', [
  number('Messages waiting', 'none', 'sum(max by (channel, group) (nexus_channel_lag))', 'In all queues together.'),
  number('Oldest of them', 's', 'max(nexus_channel_queue_age_seconds)', 'How long it has been waiting.', 30),
  number('Handed out twice', 'percentunit', 'sum(rate(nexus_channel_redeliveries_total[$__rate_interval])) / sum(rate(nexus_channel_deliveries_total[$__rate_interval]))', 'Share of the messages whose first reader died or failed.', 0.01),
  number('Dead letters', 'none', 'sum(max by (service, channel) (nexus_dead_letters)) or vector(0)', '`nexus dead-letters list`.', 1),
  byGroup('Depth of queues', 'none', 'nexus_channel_lag', 'Messages that a group was not handed yet.'),
  byGroup('Age of queues', 's', 'nexus_channel_queue_age_seconds', 'How long the oldest of them waits.'),
  byGroup('Under way', 'none', 'nexus_channel_pending', 'Handed out and not acknowledged.'),
  byGroup('Oldest under way', 's', 'nexus_channel_pending_age_seconds', 'What stays here for long is held by a reader that is gone or stuck.'),
  lines('Published', 'ops', [['max by (channel) (rate(nexus_channel_entries_added_total[$__rate_interval]))', '{{channel}}']], 'By the count of Redis.'),
  rate('Handled', 'nexus_channel_deliveries_total', ['channel', 'outcome'], 'What failed is tried again, and counts again.'),
  spread('Wait in the queue', 's', 'nexus_channel_wait_seconds', ['channel'], 'From publication to handler.'),
  spread('Work of handlers', 's', 'nexus_channel_handling_seconds', ['channel'], 'A message or a batch.'),
  rate('Handed out again', 'nexus_channel_redeliveries_total', ['service', 'channel'], 'Readers died, or handlers failed.'),
  lines('Held in channels', 'none', [['max by (channel) (nexus_channel_entries)', '{{channel}}']], 'Read or not; what every group has acknowledged goes after its retention.'),
  rate('Webhooks', 'nexus_webhook_tries_total', ['outcome'], 'Tries to deliver events to those outside.'),
  lines('Dead letters waiting', 'none', [['max by (service, channel) (nexus_dead_letters)', '{{service}} {{channel}}']], 'Until they are replayed, purged, or too old.'),
  rate('New dead letters', 'nexus_dead_letters_added_total', ['channel', 'code'], 'By the code of the reason.'),
]);
