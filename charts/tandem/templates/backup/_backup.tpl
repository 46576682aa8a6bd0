{{- define "tandem.backupArgs" -}}
- backup
- --out
- {{ default "/backup" .Values.backup.url | quote }}
{{- if .Values.backup.keep }}
- --keep
- {{ .Values.backup.keep | quote }}
{{- end }}
{{- end -}}

{{/* All databases by their owner, the files and the streams. */}}
{{- define "tandem.backupEnv" -}}
{{- $bucket := default .Values.blobs.secretName .Values.backup.secretName -}}
{{- include "tandem.join" (list (include "tandem.ownerEnv" .) (include "tandem.natsEnv" .) (include "tandem.backupBlobsEnv" .) (include "tandem.bucketEnv" $bucket)) -}}
{{- end -}}

{{- define "tandem.backupBlobsEnv" -}}
- name: TANDEM_BLOBS
  value: {{ default "file:///var/lib/tandem/blobs" .Values.blobs.url | quote }}
{{- end -}}

{{- define "tandem.backupMounts" -}}
{{- if not .Values.backup.url }}
- name: backup
  mountPath: /backup
{{- end }}
{{- if include "tandem.blobsClaim" . }}
- name: blobs
  mountPath: /var/lib/tandem/blobs
{{- end }}
{{- include "tandem.trustMounts" (dict "root" . "name" "backup") }}
{{- end -}}

{{- define "tandem.backupVolumes" -}}
{{- if not .Values.backup.url }}
- name: backup
  persistentVolumeClaim:
    claimName: {{ .Values.backup.volume.existingClaim }}
{{- end }}
{{- include "tandem.blobsVolume" . }}
{{- include "tandem.trustVolumes" (dict "root" . "name" "backup") }}
{{- end -}}
