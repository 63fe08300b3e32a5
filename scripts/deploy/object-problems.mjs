/** What is wrong between objects: names that lead nowhere, two who scale the same, streams that are not there, roads that are open. */
import { channels } from '@nexus/contracts';
import { nameOf, podsOf } from './kustomize.mjs';

/** Secrets are made by hand or by an operator (docs/deploy.md); these are the ones that the objects may ask for, with their keys. */
const secrets = {
  'nexus-secrets': ['service-token', 'redis-url', 'redis-address', 'redis-password', 'redis-tls', 'dev-api-key'],
  'nexus-database-admin': ['url', 'password'],
  'nexus-providers': undefined,
  'nexus-telegram': ['bot-token', 'surface-token', 'surface-key-id'],
  'nexus-discord': ['bot-token', 'surface-token', 'surface-key-id'],
};
/** What KEDA's scaler for Redis Streams knows; it ignores the rest without a word. */
const triggerKeys = ['stream', 'consumerGroup', 'lagCount', 'activationLagCount', 'pendingEntriesCount', 'streamLength', 'databaseIndex', 'enableTLS', 'address'];

const matches = (selector, labels) => Object.entries(selector).every(([key, value]) => labels[key] === value);

export function objectProblems(objects) {
  const of = (kind) => objects.filter((object) => object.kind === kind);
  const has = (kind, name) => of(kind).some(({ metadata }) => metadata.name === name);
  return [...referenceProblems(objects, has), ...serviceProblems(of, objects), ...scalingProblems(of, has), ...networkProblems(of, objects)];
}

function referenceProblems(objects, has) {
  const problems = [];
  const secret = (place, { name, key }) => {
    if (!(name in secrets)) problems.push(`${place}: asks for the Secret ${name}, of which docs/deploy.md does not tell`);
    else if (key !== undefined && secrets[name]?.includes(key) === false) problems.push(`${place}: asks for ${key} of the Secret ${name}, which it does not have`);
  };
  for (const { object, pod } of podsOf(objects)) {
    const place = nameOf(object);
    const { spec } = pod;
    const need = (kind, name) => name === undefined || has(kind, name) || problems.push(`${place}: there is no ${kind} ${name}`);
    need('ServiceAccount', spec.serviceAccountName);
    need('RuntimeClass', spec.runtimeClassName);
    for (const volume of spec.volumes ?? []) {
      need('ConfigMap', volume.configMap?.name);
      need('PersistentVolumeClaim', volume.persistentVolumeClaim?.claimName);
    }
    for (const container of spec.containers) {
      for (const { configMapRef, secretRef } of container.envFrom ?? []) {
        need('ConfigMap', configMapRef?.name);
        if (secretRef) secret(place, { name: secretRef.name });
      }
      for (const { valueFrom } of container.env ?? []) if (valueFrom?.secretKeyRef) secret(place, valueFrom.secretKeyRef);
    }
  }
  for (const object of objects) {
    for (const target of object.spec?.secretTargetRef ?? []) secret(nameOf(object), target);
    for (const { authorization } of object.spec?.endpoints ?? []) if (authorization) secret(nameOf(object), authorization.credentials);
  }
  return problems;
}

function serviceProblems(of, objects) {
  const pods = podsOf(objects);
  return of('Service').flatMap((service) => {
    const chosen = pods.filter(({ pod }) => matches(service.spec.selector, pod.metadata.labels));
    if (chosen.length !== 1) return [`${nameOf(service)}: selects ${chosen.length} kinds of pods`];
    const ports = chosen[0].pod.spec.containers.flatMap((container) => container.ports ?? []);
    return service.spec.ports.filter(({ targetPort }) => !ports.some(({ name, containerPort }) => name === targetPort || containerPort === targetPort)).map(({ targetPort }) => `${nameOf(service)}: its pods have no port ${targetPort}`);
  });
}

function scalingProblems(of, has) {
  const problems = [];
  const scaled = new Map();
  for (const object of [...of('HorizontalPodAutoscaler'), ...of('ScaledObject')]) {
    const { name } = object.spec.scaleTargetRef;
    if (!has('Deployment', name)) problems.push(`${nameOf(object)}: there is no Deployment ${name}`);
    if (scaled.has(name)) problems.push(`${nameOf(object)}: ${scaled.get(name)} scales ${name} too`);
    scaled.set(name, nameOf(object));
  }
  for (const deployment of of('Deployment')) {
    if (scaled.has(deployment.metadata.name) && deployment.spec.replicas !== undefined) problems.push(`${nameOf(deployment)}: says replicas, which ${scaled.get(deployment.metadata.name)} decides`);
  }
  for (const object of of('ScaledObject')) {
    for (const { type, metadata, authenticationRef } of object.spec.triggers) {
      if (type !== 'redis-streams') continue;
      const say = (text) => problems.push(`${nameOf(object)}: ${text}`);
      if (channels[metadata.stream] === undefined) say(`there is no channel ${metadata.stream}`);
      else if (channels[metadata.stream].group !== metadata.consumerGroup) say(`${metadata.stream} is read by ${channels[metadata.stream].group}, not by ${metadata.consumerGroup}`);
      for (const key of Object.keys(metadata)) if (!triggerKeys.includes(key)) say(`KEDA does not know ${key}`);
      if (metadata.lagCount !== undefined && metadata.activationLagCount === undefined) say('lagCount needs activationLagCount');
      if (!has('TriggerAuthentication', authenticationRef?.name)) say(`there is no TriggerAuthentication ${authenticationRef?.name}`);
    }
  }
  for (const budget of of('PodDisruptionBudget')) {
    const isOfAny = of('Deployment').some(({ spec }) => matches(budget.spec.selector.matchLabels, spec.template.metadata.labels));
    if (!isOfAny) problems.push(`${nameOf(budget)}: selects nothing`);
  }
  return problems;
}

function networkProblems(of, objects) {
  const policies = of('NetworkPolicy');
  const problems = [];
  const deniesAll = ({ spec }) => Object.keys(spec.podSelector).length === 0 && spec.policyTypes.length === 2 && spec.ingress === undefined && spec.egress === undefined;
  if (!policies.some(deniesAll)) problems.push('no NetworkPolicy refuses what no other allows');
  for (const policy of policies) {
    for (const peer of (policy.spec.egress ?? []).flatMap(({ to }) => to ?? [undefined])) {
      const isOpen = peer === undefined || (peer.ipBlock?.cidr === '0.0.0.0/0' && !peer.ipBlock.except?.includes('169.254.0.0/16'));
      if (isOpen) problems.push(`${nameOf(policy)}: lets pods reach private networks, and the metadata of the cloud`);
    }
  }
  const levels = objects.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.labels?.['pod-security.kubernetes.io/enforce']);
  if (levels[0] !== 'restricted') problems.push('the namespace does not enforce restricted pod security');
  return problems;
}
