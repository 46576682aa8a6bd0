{{/* Where the database and its secret are there before the release, the migration is a hook: Helm runs it first, and stops when
     it fails, before any pod is replaced. Where the release makes them, it is a Job among the other objects, and pods wait. */}}
{{- define "tandem.migrateIsHook" -}}
{{- if not (or .Values.database.cloudNativePG.enabled .Values.externalSecrets.enabled) }}true{{ end -}}
{{- end -}}

{{/* A Job cannot be changed: one that is no hook has a name of its own for each revision and image. */}}
{{- define "tandem.migrateName" -}}
{{- include "tandem.componentName" (dict "root" . "name" "migrate") -}}
{{- if not (include "tandem.migrateIsHook" .) -}}
-{{ printf "%d %s" .Release.Revision (include "tandem.image" .) | sha256sum | trunc 8 }}
{{- end -}}
{{- end -}}

{{/* Not before a rollback: the schema only grows, and the program before works on it. */}}
{{- define "tandem.migrateHook" -}}
{{- if include "tandem.migrateIsHook" .root -}}
helm.sh/hook: pre-install,pre-upgrade
helm.sh/hook-weight: {{ .weight | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}
{{- end -}}
