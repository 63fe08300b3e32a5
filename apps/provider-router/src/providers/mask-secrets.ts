const KEY_LIKE = /\b(?:sk|pk|rk|gsk|xai|pplx|or|key)[-_][A-Za-z0-9_*.-]{4,}|\bAIza[A-Za-z0-9_*-]{4,}/g;
const BEARER = /\b(Bearer|Basic)\s+[^\s"',;]+/gi;
const IN_QUERY = /([?&](?:api[-_]?key|key|token|access_token)=)[^&\s"']+/gi;
const MESSAGE_LENGTH = 600;

/** A provider's words as they may be shown: keys masked, control characters gone, at most 600 characters. */
export function maskSecrets(text: string, key: string | undefined): string {
  const known = key !== undefined && key.length >= 4 ? text.replaceAll(key, '***') : text;
  const masked = known.replace(BEARER, '$1 ***').replace(IN_QUERY, '$1***').replace(KEY_LIKE, '***');
  const plain = masked.replace(/[\u0000-\u001f\u007f]+/g, ' ').trim();
  return plain.length > MESSAGE_LENGTH ? `${plain.slice(0, MESSAGE_LENGTH)}...` : plain;
}
