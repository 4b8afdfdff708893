function Assert-LanguageMode {
    <#
    .SYNOPSIS
    Ends the command in Constrained Language mode, where no method may be called, before it fails for a reason that nobody understands.
    #>
    if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') {
        # By cmdlet: nothing else can raise an error in such a mode.
        Write-Error -ErrorId LanguageModeNotSupported -Category PermissionDenied -ErrorAction Stop -Message (
            'Coexist cannot call its native library in the language mode {0}. Under App Control (WDAC) or AppLocker, sign the module and ' +
            'bin/*/coexist.*, allow the signer in the policy, and import the module again.' -f $ExecutionContext.SessionState.LanguageMode)
    }
}
