{{/* Names of all Secrets that pods of the release use, each once. */}}
{{- define "tandem.secretNames" -}}
{{- $names := list (include "tandem.servicesSecret" .) (include "tandem.ownerSecret" .) (include "tandem.natsSecret" .) (include "tandem.keeperSecret" .) .Values.mail.secretName .Values.blobs.secretName -}}
{{- range include "tandem.owners" . | splitList " " -}}
{{- $names = append $names (printf "%s-keys-%s" $.Values.keys.prefix .) -}}
{{- end -}}
{{- $names = append $names (.Values.ops.secretName | default (printf "%s-ops" .Values.keys.prefix)) -}}
{{- if .Values.backup.enabled -}}
{{- $names = append $names .Values.backup.secretName -}}
{{- end -}}
{{- if .Values.database.cloudNativePG.enabled -}}
{{- $names = append $names (include "tandem.cnpgOwnerSecret" .) -}}
{{- end -}}
{{- $names | compact | uniq | sortAlpha | join " " -}}
{{- end -}}
