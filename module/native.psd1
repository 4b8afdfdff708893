# The bindings of the native library: what module/Private emits and Pester compares with cbindings/coexist.h. The build turns this file into literals.
@{
    # coexist_abi_version() must answer this.
    AbiVersion = 1

    # The statuses that the module acts on; every other one is an error and comes with an error object.
    Status     = @{ Ok = 0; Pending = 1; Done = 2; Event = 3 }

    # bin/<rid>/<file> for each platform that is built.
    Platforms  = @{
        'win-x64'     = 'coexist.dll'
        'win-arm64'   = 'coexist.dll'
        'linux-x64'   = 'coexist.so'
        'linux-arm64' = 'coexist.so'
        'osx-x64'     = 'coexist.dylib'
        'osx-arm64'   = 'coexist.dylib'
    }

    # Name, result and parameters in the order of the header: `Byte[]` is bytes in, `UIntPtr` a size_t, `IntPtr` a handle or a pointer;
    # `UInt64` a number; with `&`, one that the callee sets.
    Exports    = @(
        @{ Name = 'coexist_abi_version'; Returns = 'UInt32'; Parameters = @() }
        @{ Name = 'coexist_version'; Returns = 'IntPtr'; Parameters = @() }
        @{ Name = 'coexist_bytes_free'; Returns = 'Void'; Parameters = @('IntPtr', 'UIntPtr') }
        @{ Name = 'coexist_engine_new'; Returns = 'Int32'; Parameters = @('IntPtr&', 'IntPtr&', 'UIntPtr&') }
        @{ Name = 'coexist_engine_free'; Returns = 'Void'; Parameters = @('IntPtr') }
        @{ Name = 'coexist_call'; Returns = 'Int32'; Parameters = @('IntPtr', 'Byte[]', 'UIntPtr', 'IntPtr&', 'UIntPtr&') }
        @{ Name = 'coexist_job_start'; Returns = 'Int32'; Parameters = @('IntPtr', 'Byte[]', 'UIntPtr', 'IntPtr&', 'IntPtr&', 'UIntPtr&') }
        @{ Name = 'coexist_job_wait'; Returns = 'Int32'; Parameters = @('IntPtr', 'UInt32', 'IntPtr&', 'UIntPtr&') }
        @{ Name = 'coexist_job_answer'; Returns = 'Int32'; Parameters = @('IntPtr', 'Byte[]', 'UIntPtr', 'IntPtr&', 'UIntPtr&') }
        @{ Name = 'coexist_job_cancel'; Returns = 'Void'; Parameters = @('IntPtr') }
        @{ Name = 'coexist_job_free'; Returns = 'Void'; Parameters = @('IntPtr') }
        @{ Name = 'coexist_secret_new'; Returns = 'Int32'; Parameters = @('IntPtr', 'Byte[]', 'UIntPtr', 'UInt64&', 'IntPtr&', 'UIntPtr&') }
        @{ Name = 'coexist_secret_free'; Returns = 'Int32'; Parameters = @('IntPtr', 'UInt64', 'IntPtr&', 'UIntPtr&') }
        @{ Name = 'coexist_immutable_id_to'; Returns = 'Int32'; Parameters = @('Byte[]', 'UIntPtr', 'IntPtr&', 'UIntPtr&') }
        @{ Name = 'coexist_immutable_id_from'; Returns = 'Int32'; Parameters = @('Byte[]', 'UIntPtr', 'IntPtr&', 'UIntPtr&') }
        @{ Name = 'coexist_x500_to'; Returns = 'Int32'; Parameters = @('Byte[]', 'UIntPtr', 'IntPtr&', 'UIntPtr&') }
        @{ Name = 'coexist_imceaex_to'; Returns = 'Int32'; Parameters = @('Byte[]', 'UIntPtr', 'IntPtr&', 'UIntPtr&') }
    )

    # Exports that the module has no use for yet.
    NotBound   = @()

    # What the derivations put out: one emitted class each. Inputs is the number of fields in; the properties are the fields out, in order;
    # the field after the last property is Notes, which is shown and not kept.
    Classes    = @(
        @{
            Name       = 'Coexist.ImmutableId'
            Export     = 'coexist_immutable_id_to'
            Inputs     = 4
            Properties = @('ImmutableId', 'Guid', 'Anchor', 'AnchorsDiffer', 'Hex', 'LdapFilter', 'ConnectorDn')
        }
        @{
            Name       = 'Coexist.ObjectGuid'
            Export     = 'coexist_immutable_id_from'
            Inputs     = 1
            Properties = @('Guid', 'ImmutableId', 'Form', 'Hex', 'LdapFilter', 'ConnectorDn')
        }
        @{
            Name       = 'Coexist.X500Address'
            Export     = 'coexist_x500_to'
            Inputs     = 2
            Properties = @('X500', 'LegacyExchangeDN', 'Imceaex', 'Domain')
        }
        @{
            Name       = 'Coexist.ImceaexAddress'
            Export     = 'coexist_imceaex_to'
            Inputs     = 2
            Properties = @('Imceaex', 'X500', 'LegacyExchangeDN')
        }
    )

    # What tab completion offers; the engine is the judge of what it takes.
    Completion = @{
        Kind = @(
            'acceptedDomains', 'adUsers', 'calendarPermissions', 'configuration', 'exchangeUsers', 'flows', 'groups', 'guests', 'licences', 'mailboxes',
            'mailboxStatistics', 'mailContacts', 'mailUsers', 'members', 'orgContacts', 'permissions', 'policy', 'recipientPermissions',
            'regionalConfigurations', 'unifiedGroupLinks', 'users'
        )
        Item = @('MC-01')
    }
}
