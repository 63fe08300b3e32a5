import { describe, expect, it } from 'vitest';
import { environmentSchema, readConfig, readTelemetryConfig } from './config.js';

const token = 'a-token-of-sixteen';
const errorOf = (environment: Record<string, string>): string => {
  try {
    readConfig(environment, 'usage');
  } catch (error) {
    return (error as Error).message;
  }
  return '';
};

describe('readConfig', () => {
  it('needs the service token and nothing else', () => {
    const config = readConfig({ NEXUS_SERVICE_TOKEN: token }, 'usage');
    expect(config).toMatchObject({ port: 50056, host: '127.0.0.1', redisUrl: 'redis://127.0.0.1:6379', redisPrefix: '', isMigrating: true, logLevel: 'info', sampleRatio: 1, shutdownGraceMs: 25_000, shutdownNoticeMs: 1_000 });
    expect(config.urls).toMatchObject({ settings: 'http://127.0.0.1:50055', 'provider-router': 'http://127.0.0.1:50053' });
    expect(config.otlpEndpoint).toBeUndefined();
  });

  it('finds the other services at the ports that the environment gives them', () => {
    const config = readConfig({ NEXUS_SERVICE_TOKEN: token, NEXUS_PORT: '9000', NEXUS_TOOL_EXECUTOR_PORT: '7001', NEXUS_SETTINGS_URL: 'http://settings:50055' }, 'tool-executor');
    expect(config.port).toBe(7001);
    expect(config.urls).toMatchObject({ gateway: 'http://127.0.0.1:9000', 'tool-executor': 'http://127.0.0.1:7001', settings: 'http://settings:50055' });
    expect(readConfig({ NEXUS_SERVICE_TOKEN: token, NEXUS_PORT: '9000' }, 'gateway').port).toBe(9000);
  });

  it('names every wrong variable and what to do, and repeats no value', () => {
    const message = errorOf({ NEXUS_SERVICE_TOKEN: 'hunter2', REDIS_URL: 'http://secret-host', NEXUS_USAGE_PORT: '99999', NEXUS_LOG_LEVEL: 'loud', NEXUS_MIGRATE: 'maybe', OTEL_TRACES_SAMPLER_ARG: '2' });
    for (const name of ['NEXUS_SERVICE_TOKEN', 'REDIS_URL', 'NEXUS_USAGE_PORT', 'NEXUS_LOG_LEVEL', 'NEXUS_MIGRATE', 'OTEL_TRACES_SAMPLER_ARG']) expect(message).toContain(name);
    expect(message).toContain('openssl rand -hex 32');
    for (const value of ['hunter2', 'secret-host', '99999', 'loud', 'maybe']) expect(message).not.toContain(value);
  });

  it('takes an empty variable for one that is not set', () => {
    expect(errorOf({ NEXUS_SERVICE_TOKEN: '' })).toContain('NEXUS_SERVICE_TOKEN must be set');
    expect(readConfig({ NEXUS_SERVICE_TOKEN: token, DATABASE_URL: '', NEXUS_PORT: '' }, 'gateway')).toMatchObject({ databaseUrl: undefined, port: 8080 });
  });

  it('explains every variable', () => {
    for (const [name, schema] of Object.entries(environmentSchema.shape)) expect(schema.description ?? '', name).not.toBe('');
  });
});

describe('readTelemetryConfig', () => {
  it('needs no service token: traces may be wanted where infrastructure was made elsewhere', () => {
    expect(readTelemetryConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318', OTEL_TRACES_SAMPLER_ARG: '0.25' }, 'usage')).toEqual({ otlpEndpoint: 'http://127.0.0.1:4318', sampleRatio: 0.25 });
  });
});
