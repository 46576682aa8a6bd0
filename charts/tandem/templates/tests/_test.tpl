{{/* helm test: removed when it passes, kept when it fails. */}}
{{- define "tandem.testHook" -}}
helm.sh/hook: test
helm.sh/hook-weight: {{ . | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}

{{/* What must be ready, by the address that others know. */}}
{{- define "tandem.testTargets" -}}
{{- if eq .Values.scenario "single" -}}
gateway: http://{{ include "tandem.fullname" . }}:{{ .Values.service.port }}
{{- else -}}
{{- range include "tandem.owners" . | splitList " " }}
{{- $host := include "tandem.componentName" (dict "root" $ "name" .) }}
{{ . }}: http://{{ $host }}:{{ ternary (int $.Values.service.port) 8081 (eq . "gateway") }}
{{- end }}
{{- end -}}
{{- end -}}

{{/* Not those of the program's pods: a Service of the single scenario finds pods by them. */}}
{{- define "tandem.testLabels" -}}
app.kubernetes.io/name: {{ include "tandem.name" . }}{{ if eq .Values.scenario "single" }}-test{{ end }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: test
{{- end -}}
