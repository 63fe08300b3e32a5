/** Nest token of this service's SettingsConfig. */
export const SETTINGS_CONFIG = Symbol('SettingsConfig');
